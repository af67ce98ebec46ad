"""The lab on the vision transformer: its claims come true, shipped weights are used where they are, and figures show what they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from app.labs import checkpoints  # noqa: E402
from app.labs.base import Desk, Event, Progress, Score, Shown, Used, read_values, to_row  # noqa: E402
from app.labs.checkpoints import Made  # noqa: E402
from app.labs.parts import vit_views as views  # noqa: E402
from app.labs.parts.gpt_training import Plan  # noqa: E402
from app.labs.parts.transfer_data import Material, material  # noqa: E402
from app.labs.parts.vit_training import (  # noqa: E402
    PATCHES,
    SIDE,
    Adapting,
    Curve,
    Few,
    adapt,
    built,
    few_of,
    multiplications,
    order_of,
    pretrain,
    recognised,
    shape_of,
    shuffled,
    thinned,
    transferred,
)
from app.labs.vit import LAB  # noqa: E402
from models.errors import InputError  # noqa: E402

PATCH = 8


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return material(Desk(tmp_path_factory.mktemp("home")), "digits", SIDE)


@pytest.fixture(scope="module")
def known(task: Material) -> Any:
    """A network that has seen the digits 0 to 4, briefly."""
    model = built("scratch", shape_of(5, PATCH), 0)
    for _ in pretrain(model, [task.pictures], Plan(150, 64, 2e-3, 0)):
        pass
    return model


def ran(home: Path, **values: Any) -> tuple[list[Event], dict[str, Any], dict[str, float]]:
    events: list[Event] = list(LAB.compute(Desk(home), **read_values(LAB, {**LAB.small, **values})))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {event.block.name: event.block for event in events if isinstance(event, Shown)}
    return events, found, {event.name: event.value for event in events if isinstance(event, Score)}


def test_the_head_is_one_in_four_hundred_numbers(home: Path) -> None:
    """The first try; the size of a patch changes little of it."""
    _, found, _ = ran(home)
    learned = {row[0]: row[1] for row in found["networks"].rows}
    assert learned["frozen"] == 64 * 5 + 5
    for patch in PATCHES:
        whole = sum(p.numel() for _, p in built("scratch", shape_of(5, patch), 0).named_parameters())
        assert 300 < whole / learned["frozen"] < 500


def mixed(few: Few) -> Few:
    return Few(shuffled(few.images, PATCH), few.kinds, shuffled(few.held, PATCH), few.held_kinds)


def test_shuffled_patches_are_as_hard_from_scratch(task: Material) -> None:
    """The second try: shuffled like the patches, the first positions give the same network, and so the same training."""
    few = few_of(task.pictures, int(LAB.tries[1].values["each"]), 0)
    found = []
    for seen, moved in ((few, False), (mixed(few), False), (mixed(few), True)):
        model = built("scratch", shape_of(5, PATCH), 0)
        state = model.state_dict()
        model.load({**state, "positions": state["positions"][:, order_of(16)] if moved else state["positions"].clone()})
        *_, curve = adapt(model, seen, Adapting(whole=True, steps=60))
        found.append(curve)
    whole, other, same = found
    assert same.loss == pytest.approx(whole.loss, abs=0.02)
    assert same.held[-1] == pytest.approx(whole.held[-1], abs=0.02)
    assert other.held[-1] == pytest.approx(whole.held[-1], abs=0.15)
    assert other.held[-1] > 0.4


def test_pretraining_learns_the_known_kinds(task: Material, known: Any) -> None:
    assert recognised(known, [task.pictures]) > 0.8
    assert recognised(built("scratch", shape_of(5, PATCH), 0), [task.pictures]) < 0.5


def test_half_the_side_has_sixteen_times_the_cells(home: Path) -> None:
    _, found, _ = ran(home, patch="8")
    cells = {row[0].split()[0]: row[2] for row in found["cost"].rows}
    assert cells["4"] == 16 * cells["8"]
    assert found["cut"].values["tokens"] == 16
    assert multiplications(4) > 4 * multiplications(8)


def test_shuffling_moves_patches_and_changes_none() -> None:
    images = torch.arange(1024.0).reshape(1, 1, 32, 32)  # (1024,) -> (1, 1, 32, 32)
    mixed = shuffled(images, 8)
    assert not torch.equal(mixed, images)
    assert sorted(map(str, views.patches(mixed[0, 0].numpy(), 8))) == sorted(
        map(str, views.patches(images[0, 0].numpy(), 8))
    )
    one, two = (shuffled(images, 16) for _ in range(2))
    assert torch.equal(one, two)


def test_a_frozen_body_stays_as_it_is(task: Material, known: Any) -> None:
    model = transferred(built("torch", shape_of(5, PATCH), 1), known.state_dict())
    *_, curve = adapt(model, few_of(task.pictures, 2, 0), Adapting(whole=False, steps=10))
    after = model.state_dict()
    for name, value in known.state_dict().items():
        assert name.startswith("head.") or torch.equal(after[name], value), name
    assert curve.steps == list(range(11))
    assert curve.loss[-1] < curve.loss[0]


def test_both_ways_learn_the_same(home: Path) -> None:
    ours, theirs = (ran(home, way=way)[2] for way in ("scratch", "torch"))
    for name in ("known", "frozen", "scratch"):
        assert ours[name] == pytest.approx(theirs[name], abs=0.02), name


def test_a_drawing_takes_the_place_of_the_test_picture(home: Path) -> None:
    drawing = ",".join("255" if 300 < n < 400 else "0" for n in range(784))
    _, found, _ = ran(home, drawing=drawing)
    assert found["picture"].key == "drawing"
    assert ran(home, drawing=",".join(["0"] * 784))[1]["picture"].key == "picture"


@pytest.fixture
def shipped_here(monkeypatch: pytest.MonkeyPatch, home: Path) -> Made:
    """Weights that came along, made by the lab's own `make` with next to no steps."""
    *progress, made = LAB.make(Desk(home), pretraining=10)
    assert all(isinstance(event, Progress) and event.done <= event.total for event in progress)
    assert isinstance(made, Made)
    path = home / "labs" / "vit" / checkpoints.FILE
    checkpoints.write(path, made)
    monkeypatch.setattr(checkpoints, "shipped", lambda name: home / name)
    return made


def test_what_came_along_is_shown_without_training(home: Path, shipped_here: Made) -> None:
    assert set(shipped_here.facts["patches"]) == {str(patch) for patch in PATCHES}
    assert sum(tensor.numel() for tensor in shipped_here.tensors.values()) * 2 < 2e6  # bytes, in half precision
    events, found, scores = ran(home, weights="shipped")
    assert "absent" not in found
    assert scores["known"] == shipped_here.facts["patches"]["16"]["held"]
    assert not [event for event in events if isinstance(event, Progress) and event.key == "pretraining"]
    values = {**read_values(LAB, {**LAB.small, "pretraining": 2000})}
    assert LAB.seconds(**{**values, "weights": "shipped"}) < LAB.seconds(**values)


def test_without_them_it_trains_and_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "shipped", lambda name: None)
    events, found, _ = ran(home, weights="shipped")
    assert found["absent"].key == "absent"
    assert next(event for event in events if isinstance(event, Used)).name == "digits"


def test_light_falls_on_the_patch_that_is_looked_at() -> None:
    picture, shares = np.full((32, 32), 0.5), np.array([0.1, 0.1, 0.7, 0.1])
    lit = views.glowing(picture, shares)
    brightest = np.argwhere(lit[..., 0] > lit[0, 0, 0] + 0.1)
    assert brightest.min(axis=0).tolist() == [16, 0]
    assert brightest.max(axis=0).tolist() == [31, 15]
    assert np.isfinite(views.glowing(picture, np.full(4, 0.25))).all()


def test_the_slider_offers_patches_of_the_whole_grid() -> None:
    maps = [torch.full((1, 4, 64, 64), 1 / 64) for _ in range(2)]
    found = views.looking(np.zeros((32, 32)), maps)
    assert len(found.frames) == 16
    assert {frame["name"] for frame in found.frames} >= {"1", "55"}
    assert len(views.looking(np.zeros((32, 32)), [torch.full((1, 4, 4, 4), 0.25)]).frames) == 4


def test_curves_are_thinned_and_smoothed() -> None:
    at, losses = thinned([1.0] * 500)
    assert len(at) <= 80 and at[-1] <= 500 and set(losses) == {1.0}
    assert thinned([2.0]) == ([1], [2.0])
    figures = views.learning({"frozen": Curve([0, 1], [1.0, 0.5], [0.2, 0.4], [0.2, 0.3])})
    assert [figure.name for figure in figures] == ["accuracy", "loss"]


def test_a_damaged_checkpoint_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "labs" / "vit" / checkpoints.FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no weights")
    monkeypatch.setattr(checkpoints, "shipped", lambda name: home / name)
    with pytest.raises(InputError, match=checkpoints.FILE):
        ran(home, weights="shipped")
