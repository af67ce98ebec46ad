"""The race: what is told of three optimisers on three surfaces comes out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.labs.base import Desk, Score, Shown, read_values, to_row
from app.labs.optimisers import LAB
from app.labs.parts.race import Race, hill


def shown(home: Path, **values: Any) -> tuple[dict[str, Any], dict[str, float]]:
    events = list(LAB.compute(Desk(home), **read_values(LAB, values)))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {event.block.name: event.block for event in events if isinstance(event, Shown)}
    return found, {event.name: event.value for event in events if isinstance(event, Score)}


def test_the_three_tries_come_out_as_told(home: Path) -> None:
    valley, saddle, bent = (shown(home, **one.values) for one in LAB.tries)
    assert valley[0]["verdict"].values["diverged"] == "SGD"
    assert saddle[0]["verdict"].values["first"] == "Adam"
    assert bent[0]["verdict"].values["first"] == "Momentum"
    assert bent[1]["arrived_momentum"] < bent[1]["arrived_adam"] < 100 < 2 * bent[1]["arrived_sgd"]


@pytest.mark.parametrize("name", ["valley", "rosenbrock", "saddle"])
def test_a_surface_is_lowest_where_it_says_and_flat_there(name: str) -> None:
    ground = hill(name, 30)
    lowest = {"valley": (0, 0), "rosenbrock": (1, 1), "saddle": (0, 1)}[name]
    assert ground.gradient(np.array(lowest, float)) == pytest.approx([0, 0])
    (left, right), (low, high) = ground.span
    heights = ground.heights(np.linspace(left, right, 41), np.linspace(low, high, 31))
    assert heights.shape == (31, 41)
    assert heights.min() >= -1e-12


def test_momentum_bears_a_rate_up_to_its_own_bound() -> None:
    race = Race(hill("valley", 100), steps=400)
    assert race.run("sgd", 0.0199).diverged() is False
    assert race.run("sgd", 0.0201).gaps[-1] > race.run("sgd", 0.0199).gaps[-1]
    assert race.run("momentum", 0.037).diverged() is False
    assert race.run("momentum", 0.039).diverged() is True


@pytest.mark.parametrize("ground", ["valley", "rosenbrock", "saddle"])
def test_the_ends_of_all_controls_are_shown(home: Path, ground: str) -> None:
    for values in ({"rate": 1.0, "beta": 0.99, "noise": 2.0}, {"rate": 1e-4, "beta": 0.0, "steps": 1}):
        found, _ = shown(home, ground=ground, curvature=200, **values)
        assert {"paths", "gaps", "race", "verdict"} <= set(found)


def test_noise_is_the_same_for_all_and_another_for_another_seed() -> None:
    quiet, noisy = Race(hill("valley", 30), 40), Race(hill("valley", 30), 40, noise=0.5)
    other = Race(hill("valley", 30), 40, noise=0.5, seed=1)
    paths = [race.run("sgd", 0.02).points for race in (quiet, noisy, noisy, other)]
    assert np.array_equal(paths[1], paths[2])
    assert not np.allclose(paths[0], paths[1]) and not np.allclose(paths[1], paths[3])


def test_arrival_is_staying_and_not_passing_by() -> None:
    path = Race(hill("valley", 30), 150).run("momentum", 0.02)
    arrived = path.arrived()
    assert arrived is not None
    assert path.gaps[arrived - 1] > 0.01 * path.gaps[0] >= max(path.gaps[arrived:])
    assert Race(hill("valley", 30), 5).run("sgd", 1e-4).arrived() is None
    assert math.isinf(Race(hill("rosenbrock", 1), 200).run("sgd", 1.0).gaps[-1]) or path.diverged() is False
