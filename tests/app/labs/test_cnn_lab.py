"""The CNN's lab: what it says of moved pictures comes out, and its weights come along and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from app.labs import cnn  # noqa: E402
from app.labs.base import Desk, Event, Score, Shown, Used, read_values, to_row  # noqa: E402
from app.labs.checkpoints import Made, write  # noqa: E402
from app.labs.cnn import LAB  # noqa: E402
from models.errors import InputError, MissingError  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def learned(desk: Desk, **values: Any) -> tuple[dict[str, Any], dict[str, float]]:
    events: list[Event] = list(LAB.compute(desk, **read_values(LAB, values)))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {f"{type(e.block).__name__} {e.block.name}": e.block for e in events if isinstance(e, Shown)}
    return found, {event.name: event.value for event in events if isinstance(event, Score)}


@pytest.fixture(scope="module")
def lenet(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, float]]:
    """What the first try shows."""
    torch.set_num_threads(1)
    return learned(Desk(tmp_path_factory.mktemp("home")), **LAB.tries[0].values)


def test_moved_digits_are_often_wrong_without_augmentation(lenet: tuple[dict[str, Any], dict[str, float]]) -> None:
    _, scores = lenet
    assert scores["accuracy"] > 0.9
    assert scores["moved"] < scores["accuracy"] - 0.2


def test_shifts_while_it_learns_mend_that(home: Path) -> None:
    _, scores = learned(Desk(home), **LAB.tries[2].values)
    assert scores["accuracy"] > 0.85 and scores["moved"] > 0.8


def test_most_parameters_lie_in_c5_most_products_in_the_convolutions(home: Path) -> None:
    found, _ = learned(Desk(home), **LAB.tries[1].values)
    rows = {row[0]: row[2:] for row in found["Table layers"].rows}
    assert sum(many for many, _ in rows.values()) == 61_706
    assert max(rows, key=lambda name: rows[name][0]) == "c5"
    assert max(rows, key=lambda name: rows[name][1]) == "c3"


def test_it_shows_what_it_looked_at(lenet: tuple[dict[str, Any], dict[str, float]]) -> None:
    found, _ = lenet
    shown = {"loss", "accuracy", "filters", "confusion", "depths", "epochs", "cam"}
    assert {f"Figure {name}" for name in shown} <= set(found)
    captions = [note["text"] for note in found["Figure epochs"].layout["annotations"] if note["text"]]
    assert captions == ["0", "1", "2", "4", "8", "12"]
    assert [n["text"] for n in found["Figure depths"].layout["annotations"] if n["text"]] == ["picture", "c1", "c3"]


@pytest.mark.parametrize(
    "values",
    [
        {"network": "resnet", "epochs": 1, "rows": 20, "augment": "both"},
        {"network": "plain", "epochs": 1, "rows": 20, "augment": "flip"},
        {"way": "scratch", "picture": 200},
        {"rate": 1.0, "epochs": 12},
        {"rate": 1e-4, "drawing": ",".join(["255"] * 784)},
        {"drawing": ",".join(["0"] * 784)},
    ],
    ids=["resnet", "plain", "scratch", "fast", "slow", "blank"],
)
def test_the_ends_of_its_controls_hold(home: Path, values: dict[str, Any]) -> None:
    found, _ = learned(Desk(home), **{**LAB.small, **values})
    assert "Said verdict" in found


def test_both_ways_learn_the_same(home: Path) -> None:
    _, ours = learned(Desk(home), **LAB.small, way="scratch")
    _, theirs = learned(Desk(home), **LAB.small, way="torch")
    assert ours["accuracy"] == pytest.approx(theirs["accuracy"], abs=0.02)


def test_what_would_take_hours_is_refused(home: Path) -> None:
    values = read_values(LAB, {"weights": "train", "rows": 60_000, "epochs": 40})
    with pytest.raises(InputError, match="minutes") as caught:
        list(LAB.compute(Desk(home), **values))
    assert caught.value.params["text_key"] == "too_much"


def test_weights_come_along(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made, written and read back, they say what the training said, and name a drawing without the data."""
    small = {**LAB.small, "network": "resnet", "rows": 60, "epochs": 2}
    *_, made = LAB.make(Desk(home), **small)
    assert isinstance(made, Made)
    monkeypatch.setattr("app.course.CHECKOUT", tmp_path)
    write(tmp_path / "labs" / "cnn" / "weights.safetensors", made)
    assert (tmp_path / "labs" / "cnn" / "weights.safetensors").stat().st_size < 1.5e6
    digit = np.zeros((28, 28), int)
    digit[4:24, 12:16] = 255
    values = read_values(LAB, {"drawing": ",".join(map(str, digit.ravel()))})
    events = list(LAB.compute(Desk(home), **values))
    used = next(event for event in events if isinstance(event, Used))
    assert (used.name, used.origin, used.rows) == ("digits", "shipped", 60)
    scores = {event.name: event.value for event in events if isinstance(event, Score)}
    assert scores["accuracy"] == made.facts["accuracy"]
    found = {event.block.name for event in events if isinstance(event, Shown)}
    assert {"drawing_share", "depths", "epochs", "cam"} <= found
    assert LAB.seconds(**values) == cnn.SHIPPED_S


def test_weights_are_not_made_from_a_stand_in(home: Path) -> None:
    with pytest.raises(MissingError, match="cifar10"):
        list(LAB.make(Desk(home), **{**LAB.small, "data": "cifar10"}))
