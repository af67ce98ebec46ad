"""The perceptron's lab: what it says of overfitting, depth and vanishing gradients comes out, and drawings are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from app.labs.base import Desk, Event, Score, Shown, read_values, to_row  # noqa: E402
from app.labs.checkpoints import CONTROL, FILE, SHIPPED, TRAIN, Made, write  # noqa: E402
from app.labs.data.loading import SOURCES  # noqa: E402
from app.labs.mlp import LAB, as_data  # noqa: E402
from models.errors import InputError, MissingError  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def learned(home: Path, **values: Any) -> tuple[dict[str, Any], dict[str, float]]:
    events: list[Event] = list(LAB.compute(Desk(home), **read_values(LAB, {CONTROL: TRAIN, **values})))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {event.block.name: event.block for event in events if isinstance(event, Shown)}
    return found, {event.name: event.value for event in events if isinstance(event, Score)}


def test_fifty_pictures_are_learned_by_heart(home: Path) -> None:
    found, scores = learned(home, **LAB.tries[0].values)
    assert found["verdict"].key == "overfit"
    assert scores["train"] > 0.95 and scores["accuracy"] < scores["train"] - 0.1


def test_depth_without_activation_is_one_layer(home: Path) -> None:
    _, deep = learned(home, **LAB.tries[1].values)
    _, flat = learned(home, **{**LAB.tries[1].values, "layers": 0, "rate": 0.005})
    assert deep["accuracy"] == pytest.approx(flat["accuracy"], abs=0.04)


def test_deep_sigmoids_learn_next_to_nothing_by_sgd(home: Path) -> None:
    found, scores = learned(home, **LAB.tries[2].values)
    assert scores["accuracy"] < 0.25
    assert found["verdict"].key == "underfit"


def test_both_ways_learn_the_same(home: Path) -> None:
    small = {"data": "digits", "rows": 200, "width": 16, "epochs": 2}
    _, ours = learned(home, **small)
    _, theirs = learned(home, **small, way="torch")
    assert ours["accuracy"] == pytest.approx(theirs["accuracy"], abs=0.01)


def digit_as_drawing(place: int) -> str:
    """A digit of the data, written as the learner's drawing would be."""
    from sklearn.datasets import load_digits

    grey = load_digits().images[place] * (255 / 16)  # (8, 8)
    large = np.kron(grey, np.ones((3, 3)))  # (8, 8) -> (24, 24)
    return ",".join(str(int(value)) for value in np.pad(large, 2).ravel())  # (24, 24) -> (28, 28)


def test_a_drawn_digit_is_named(home: Path) -> None:
    found, _ = learned(home, data="digits", rows=1400, epochs=8, drawing=digit_as_drawing(0))
    assert int(np.argmax(found["drawing_share"].data[0]["x"])) == 0


@pytest.fixture
def along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where weights that come along lie in this test; none do yet."""
    monkeypatch.setattr("app.course.CHECKOUT", tmp_path)
    return tmp_path / "labs" / LAB.name / FILE


def test_weights_that_came_along_name_a_drawing_without_training(home: Path, along: Path) -> None:
    *_, made = LAB.make(Desk(home), data="digits", width=32, epochs=6)
    assert isinstance(made, Made)
    write(along, made)
    slow = {"rows": 60_000, "layers": 4, "width": 512, "epochs": 100}  # would be refused if it trained
    found, scores = learned(home, **slow, weights=SHIPPED, data="digits", drawing=digit_as_drawing(0))
    assert found[CONTROL].key == "shipped"
    assert int(np.argmax(found["drawing_share"].data[0]["x"])) == 0
    assert found["loss"].data[0]["x"] == list(range(7)) and "mistakes" in found
    _, trained = learned(home, data="digits", rows=60_000, width=32, epochs=6, dropout=LAB.ships["dropout"])
    assert scores["accuracy"] == pytest.approx(trained["accuracy"], abs=0.01)


def test_where_no_weights_came_along_it_trains_and_says_so(home: Path, along: Path) -> None:
    found, scores = learned(home, **{**LAB.small, CONTROL: SHIPPED})
    assert found[CONTROL].key == "not_shipped" and scores["seconds"] > 0


def test_weights_are_made_of_the_dataset_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.labs.data.loading.SOURCES", {"package": SOURCES["package"]})
    with pytest.raises(MissingError, match="fashion-mnist"):
        list(LAB.make(Desk(home), epochs=1, rows=20))


@pytest.mark.parametrize("drawing", ["", ",".join(["0"] * 784)], ids=["none", "blank"])
def test_no_drawing_is_no_error(home: Path, drawing: str) -> None:
    found, _ = learned(home, **LAB.small, drawing=drawing)
    assert found["drawing"].key == "no_drawing"


@pytest.mark.parametrize("dots", [[0], [783], [5, 400], list(range(784))], ids=["corner", "last", "two", "full"])
def test_a_drawing_fills_its_square_as_the_digits_do(dots: list[int]) -> None:
    said = ",".join("255" if n in set(dots) else "0" for n in range(784))
    small = as_data(said, (8, 8), centred=True)
    assert small.shape == (8, 8)
    assert small.max() == pytest.approx(1)
    assert as_data(said, (28, 28), centred=False).sum() == pytest.approx(len(dots))


def test_a_rate_that_is_far_too_large_is_told(home: Path) -> None:
    found, _ = learned(home, **{**LAB.small, "optimiser": "sgd", "rate": 1.0, "layers": 4, "epochs": 8, "l2": "0.01"})
    assert found["verdict"].key in {"diverged", "underfit"}


def test_what_would_take_hours_is_refused(home: Path) -> None:
    values = read_values(LAB, {CONTROL: TRAIN, "rows": 60_000, "layers": 4, "width": 512, "epochs": 100})
    with pytest.raises(InputError, match="minutes") as caught:
        list(LAB.compute(Desk(home), **values))
    assert caught.value.params["text_key"] == "too_much"


@pytest.mark.shared
def test_fashion_is_used_where_it_lies(home: Path, shared_data: Path) -> None:
    values = read_values(LAB, {CONTROL: TRAIN, "rows": 300, "epochs": 1, "width": 16})
    events = list(LAB.compute(Desk(home, datasets=shared_data), **values))
    used = next(event for event in events if type(event).__name__ == "Used")
    assert (used.name, used.origin, used.rows) == ("fashion-mnist", "folder", 2300)
    shown = {event.block.name: event.block for event in events if isinstance(event, Shown)}
    assert "Sneaker" in shown["confusion"].layout["xaxis"]["ticktext"]
