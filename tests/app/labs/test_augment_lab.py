"""The lab on augmentation: what it says of worth, of turned digits and of lost negations comes out; pictures of the learner's own are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from PIL import Image  # noqa: E402

from app.labs.augment import LAB, ratios_of, sentences  # noqa: E402
from app.labs.base import Desk, Event, Said, Score, Shown, Table, Value, read_values, to_row  # noqa: E402
from app.labs.data.loading import load  # noqa: E402
from app.labs.parts.augment_images import Strength  # noqa: E402
from app.labs.parts.augment_ratio import AUGMENTED, MORE, Material, Plan, Points, compare, pictures, texts  # noqa: E402
from app.labs.telling import told  # noqa: E402
from models.errors import InputError  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def ran(home: Path, **values: Any) -> list[Event]:
    events: list[Event] = list(LAB.compute(Desk(home), **read_values(LAB, {**LAB.small, **values})))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    return events


def compared(material: Material, plan: Plan) -> Points:
    *_, (done, points) = compare(material, plan)
    assert done == pytest.approx(1)
    return points


def digits(home: Path, given: dict[str, Value]) -> tuple[Material, Plan]:
    """What one of the tries compares, at its last ratio alone."""
    values = read_values(LAB, given)
    found = load(Desk(home), "digits", train=2000, test=1000)
    material = pictures(found, str(values["image_method"]), Strength(degrees=float(values["degrees"])))
    return material, Plan(int(values["real"]), (0, int(values["most"])), seed=0)


def test_as_many_real_ones_are_worth_more(home: Path) -> None:
    points = compared(*digits(home, dict(LAB.tries[0].values)))
    assert points.gains(MORE, 8).min() > points.gains(AUGMENTED, 8).max() + 0.05


def test_digits_turned_by_anything_do_harm(home: Path) -> None:
    points = compared(*digits(home, dict(LAB.tries[1].values)))
    assert points.gains(AUGMENTED, 4).max() < 0


def test_deletion_loses_some_negations() -> None:
    values = LAB.tries[2].values
    shown = list(sentences(str(values["sentence"]), str(values["text_method"]), float(values["alpha"]), 0))
    said = next(event.block for event in shown if isinstance(event, Shown) and isinstance(event.block, Said))
    assert said.key == "lost" and 0 < said.values["lost"] < said.values["all"]


@pytest.mark.parametrize(
    "sentence", ["가", "🙂🙂", "?!\n\t..", "a" * 500, "나는 안 갔다 " * 60], ids=lambda text: text[:4]
)
def test_any_sentence_is_previewed(sentence: str) -> None:
    for alpha in (0.05, 0.9):
        shown = [event.block for event in sentences(sentence, "mix", alpha, 0) if isinstance(event, Shown)]
        assert isinstance(shown[0], Table) and len(shown[0].rows) == 7


def test_reviews_are_compared_too(home: Path) -> None:
    found = load(Desk(home), "reviews-ko", train=300, test=100)
    points = compared(texts(found, "mix", 0.2), Plan(20, (0, 1), seed=1, steps=60))
    assert {len(shares) for shares in points.found.values()} == {3}
    assert points.gains(MORE, 1).shape == (3,)


def test_where_real_ones_run_out_the_curve_ends(home: Path) -> None:
    found = load(Desk(home), "digits", train=50, test=20)
    points = compared(pictures(found, "flip", Strength()), Plan(30, (0, 1), seed=0, steps=5))
    assert (MORE, 1) not in points.found and list(points.curve(MORE)) == [0]


def test_the_ratios_double_up_to_the_most() -> None:
    assert [ratios_of(most) for most in (1, 3, 8)] == [(0, 1), (0, 1, 2, 3), (0, 1, 2, 4, 8)]


def test_a_picture_of_ones_own_is_previewed(home: Path) -> None:
    ramp = np.linspace(0, 255, 30 * 50).reshape(30, 50).astype(np.uint8)
    Image.fromarray(ramp).convert("RGB").save(home / "mine.png")
    events = ran(home, picture=str(home / "mine.png"))
    names = {event.block.name for event in events if isinstance(event, Shown)}
    assert {"picture", "methods", "variants", "sentence", "ratio", "accuracies", "verdict", "method"} <= names
    assert {event.name for event in events if isinstance(event, Score)} == {"real", "augmented", "gain", "more"}


def test_a_damaged_picture_is_told_in_both_languages(home: Path) -> None:
    (home / "mine.png").write_bytes(b"no picture")
    with pytest.raises(InputError) as caught:
        ran(home, picture=str(home / "mine.png"))
    assert all("mine.png" in told(LAB, caught.value, lang) for lang in ("ko", "en"))
