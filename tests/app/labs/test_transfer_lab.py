"""The lab on transfer: what it claims of few images, forgetting and layer-wise rates comes out, on every kind of data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from app.labs.base import Desk, Event, Score, Shown, Used, read_values, to_row  # noqa: E402
from app.labs.parts.transfer_data import LEAST, material  # noqa: E402
from app.labs.parts.transfer_study import Study, Trials  # noqa: E402
from app.labs.telling import told  # noqa: E402
from app.labs.transfer import LAB  # noqa: E402
from app.lessons.images import Recipe, Trial, trial  # noqa: E402
from app.lessons.pictures import SIDE, digits  # noqa: E402
from app.ui.i18n import LANGUAGES  # noqa: E402
from models.errors import InputError  # noqa: E402

Ran = tuple[list[Event], dict[str, Any], dict[str, float]]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def ran(desk: Desk, **values: Any) -> Ran:
    events: list[Event] = list(LAB.compute(desk, **read_values(LAB, {**LAB.small, **values})))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {event.block.name: event.block for event in events if isinstance(event, Shown)}
    return events, found, {event.name: event.value for event in events if isinstance(event, Score)}


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The second try with the digits, fewer images and steps, and one seed."""
    values = {**LAB.tries[1].values, "each": 3, "steps": 60}
    return ran(Desk(tmp_path_factory.mktemp("home")), **values)


def test_with_many_images_scratch_overtakes_what_is_frozen() -> None:
    """The first try with fewer images, which there are not so many of among the digits."""
    frozen, scratch = (trial(Recipe("cnn", way, 60, 1, steps=60), digits()) for way in ("frozen", "scratch"))
    assert scratch.accuracy > frozen.accuracy


def test_all_ways_stand_in_one_chart(grown: Ran) -> None:
    _, found, _ = grown
    curves = {trace["name"]: trace for trace in found["accuracy"].data}
    assert list(curves) == ["frozen", "partial", "full", "scratch"]
    assert curves["full"]["x"] == [2, 3]
    assert all(0 <= share <= 1 for curve in curves.values() for share in curve["y"])
    assert found["worth"].key in {"shrinks", "grows"}


def test_full_training_forgets_and_freezing_does_not(grown: Ran) -> None:
    _, found, scores = grown
    assert found["forgetting"].key == "forgotten"
    assert scores["kept_full"] < scores["before"] - 0.03
    kept = {trace["name"]: trace["y"] for trace in found["kept"].data}
    assert kept["frozen"] == pytest.approx([scores["before"]] * 2, abs=1e-3)
    assert [trace["name"] for trace in found["forgotten"].data] == ["before", "partial", "full"]


def test_lower_rates_below_forget_less() -> None:
    found, values = digits(), LAB.tries[2].values
    one, lower = (
        trial(Recipe("vit", "full", 10, 1, steps=60, decay=decay), found) for decay in (1.0, float(values["decay"]))
    )
    assert lower.kept > one.kept
    assert lower.moved["block_1"] < one.moved["block_1"] / 2


def test_it_ends_with_the_ways_side_by_side(grown: Ran) -> None:
    events, found, _ = grown
    rows = {row[0]: row for row in found["ways"].rows}
    assert rows["frozen"][1] < rows["partial"][1] < rows["full"][1] == rows["scratch"][1]
    assert rows["scratch"][4] == "–"
    assert found["moved"].data[0]["name"] == "partial"
    assert found["lesson"].key == "lesson"
    assert [event.name for event in events if isinstance(event, Used)] == ["digits"]


def write_pictures(folder: Path, kinds: tuple[str, ...], each: int) -> None:
    """A folder as CIFAR-10 is published, of noise."""
    from PIL import Image

    draw = np.random.default_rng(0)
    for part in ("train", "test"):
        for kind in kinds:
            (folder / part / kind).mkdir(parents=True)
            for number in range(each):
                noise = draw.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(noise).save(folder / part / kind / f"{number}.png")


CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def test_far_pictures_are_learned_beside_the_digits_that_are_forgotten(home: Path) -> None:
    write_pictures(home / "datasets" / "cifar10", CIFAR, 3)
    events, found, _ = ran(Desk(home), data="cifar10")
    assert [event.name for event in events if isinstance(event, Used)] == ["cifar10", "digits"]
    assert found["started"].key == "started_far"
    assert found["started"].values["new"] == "dog, frog, horse, ship, truck"
    assert found["worth"].key == "one_amount"


def test_a_kind_without_pictures_is_named(home: Path) -> None:
    write_pictures(home / "datasets" / "cifar10", CIFAR[:9], 3)
    with pytest.raises(InputError, match="truck") as caught:
        material(Desk(home), "cifar10", SIDE)
    for lang in LANGUAGES:
        assert str(LEAST) in told(LAB, caught.value, lang)


def test_the_amounts_grow_by_one_factor_to_the_most() -> None:
    assert Study("cnn", 2).amounts() == (2,)
    assert Study("cnn", 3).amounts() == (2, 3)
    assert Study("cnn", 200).amounts() == (2, 9, 43, 200)


def test_the_spread_is_that_of_the_seeds() -> None:
    found = Trials(
        {("full", 2): [Trial(0.5, 0.8, 1, 0.1), Trial(0.7, 0.6, 1, 0.1)], ("scratch", 2): [Trial(0.4, None, 1, 0.1)]}
    )
    assert found.curve("full") == [(2, pytest.approx(0.6), 0.5, 0.7)]
    assert found.kept("full") == [(2, pytest.approx(0.7), 0.6, 0.8)]
    assert found.kept("scratch") == []
