"""Boundaries in the plane: straight without a hidden layer or an activation, and bent with both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.labs.base import Desk, Score, Shown, read_values, to_row  # noqa: E402
from app.labs.boundary import LAB, _enough  # noqa: E402
from app.labs.parts.toys import TOYS, points  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def parted(home: Path, **values: Any) -> tuple[dict[str, Any], dict[str, float]]:
    events = list(LAB.compute(Desk(home), **read_values(LAB, values)))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {event.block.name: event.block for event in events if isinstance(event, Shown)}
    return found, {event.name: event.value for event in events if isinstance(event, Score)}


def corners(found: dict[str, Any]) -> int:
    """How often a walk around the edge of the picture crosses the boundary: two for a line through it, none for a closed one."""
    z = np.array(found["boundary"].data[0]["z"], float) > 0.5
    edge = np.concatenate([z[0], z[1:, -1], z[-1, ::-1][1:], z[1:-1, 0][::-1]])
    return int((edge != np.roll(edge, 1)).sum())


def test_the_three_tries_come_out_as_told(home: Path) -> None:
    (_, xor), (line, circles), (closed, three) = (parted(home, **one.values) for one in LAB.tries)
    assert 0.4 <= xor["accuracy"] <= 0.78
    assert line["verdict"].key == "straight" and corners(line) in {0, 2} and circles["accuracy"] < 0.75
    assert corners(closed) == 0 and three["accuracy"] > 0.9


@pytest.mark.parametrize("toy", ["moons", "circles", "xor"])
def test_the_default_net_parts_what_the_lab_expects(home: Path, toy: str) -> None:
    found, scores = parted(home, toy=toy)
    assert scores["accuracy"] >= 0.95
    assert found["verdict"].key == "bent"
    assert _enough(read_values(LAB, {"toy": toy}))


@pytest.mark.parametrize("toy", sorted(TOYS))
def test_points_are_half_of_each_group_and_the_same_for_the_same_seed(toy: str) -> None:
    placed, kinds = points(toy, 200, 0.05, seed=3)
    assert placed.shape == (200, 2) and kinds.sum() == 100
    assert np.abs(placed).max() < 1.5
    assert np.array_equal(placed, points(toy, 200, 0.05, seed=3)[0])
    assert not np.array_equal(placed, points(toy, 200, 0.05, seed=4)[0])
