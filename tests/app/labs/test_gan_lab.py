"""The lab on GANs: what it says of losses, collapse and the walk comes out; it survives its ends, and what it ships shows the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.labs.base import Desk, Event, Progress, Score, Shown, read_values, to_row  # noqa: E402
from app.labs.checkpoints import Made, read, write  # noqa: E402
from app.labs.data import loading  # noqa: E402
from app.labs.data.loading import load  # noqa: E402
from app.labs.gan import LAB, came_along  # noqa: E402
from app.labs.parts.gan_measures import Judge, trained_judge  # noqa: E402
from app.labs.parts.gan_training import Course, Plan, as_images, noise, train, walk  # noqa: E402
from app.labs.parts.training import Rows  # noqa: E402
from models.errors import InputError, MissingError  # noqa: E402
from models.nn.dcgan import Dcgan  # noqa: E402

ROWS, EPOCHS, WIDTH = 2000, 10, 8


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def judge(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    found = load(Desk(tmp_path_factory.mktemp("home"), datasets=shared_data), "fashion-mnist", train=ROWS, test=300)
    rows, held = (Rows(as_images(split), torch.from_numpy(split.targets)) for split in (found.train, found.test))
    return trained_judge(rows, held, 10, seed=0)


def played(judge: Judge, trouble: str, epochs: int) -> tuple[Dcgan, Course]:
    """The lab's training on a narrower network and fewer pictures."""
    plan = Plan(epochs, latent=32, rate=1e-3, trouble=trouble, seed=0)
    gan = Dcgan(replace(plan.recipe(), width=WIDTH))
    *_, (_, course) = train(gan, judge.train, plan, judge)
    return gan, course


@pytest.fixture(scope="module")
def healthy(judge: Judge) -> tuple[Dcgan, Course]:
    return played(judge, "none", EPOCHS)


@pytest.mark.shared
def test_pictures_get_better_while_the_loss_does_not_fall(healthy: tuple[Dcgan, Course], judge: Judge) -> None:
    gan, course = healthy
    losses = np.array(course.losses_g)
    assert losses[0] == pytest.approx(np.log(2), abs=0.1)
    assert losses[-len(losses) // 4 :].mean() > losses[0]
    assert course.kinds[-1] > 5 > course.kinds[0]
    assert judge.spread(gan.generate(noise(100, 32, 1))) > 0.6


@pytest.mark.shared
def test_without_norm_and_with_a_slow_discriminator_it_collapses(judge: Judge) -> None:
    gan, _ = played(judge, "no_norm", epochs=3)
    assert judge.spread(gan.generate(noise(100, 32, 1))) < 0.6, "less than the healthy one's"


@pytest.mark.shared
def test_a_walk_changes_little_by_little(healthy: tuple[Dcgan, Course]) -> None:
    way = walk(healthy[0], 3, 4, 10)
    steps = (way[1:] - way[:-1]).flatten(1).norm(dim=1)
    assert steps.max() / steps.sum() < 0.35
    overlay = (way[0] + way[-1]) / 2
    assert ((way[4] + way[5]) / 2 - overlay).norm() > 0.1 * (way[-1] - way[0]).norm(), "more than an overlay"


def ran(desk: Desk, **values: Any) -> tuple[dict[str, Any], dict[str, float]]:
    events: list[Event] = list(LAB.compute(desk, **read_values(LAB, {**LAB.small, **values})))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {event.block.name: event.block for event in events if isinstance(event, Shown)}
    return found, {event.name: event.value for event in events if isinstance(event, Score)}


HARD = {
    "least": {"latent": 1, "rate": 1e-5, "trouble": "strong", "epochs": 1, "noise_from": 0, "noise_to": 0},
    "most": {"latent": 128, "rate": 1e-2, "trouble": "no_norm", "rows": 65, "noise_from": 99, "noise_to": 0},
    "scratch": {"way": "scratch", "rate": 1e-2, "epochs": 1},
}


@pytest.mark.parametrize("values", HARD.values(), ids=HARD)
def test_it_holds_at_its_ends(values: dict[str, Any], home: Path) -> None:
    found, scores = ran(Desk(home), **values)
    assert {"losses", "beliefs", "kinds", "epochs", "samples", "nearest", "verdict", "walk"} <= set(found)
    assert 1 <= scores["kinds"] <= 10 and scores["nearest"] > 0


def test_what_would_take_hours_is_refused(home: Path) -> None:
    values = read_values(LAB, {"weights": "train", "rows": 20_000, "epochs": 30, "way": "scratch"})
    with pytest.raises(InputError, match="minutes"):
        list(LAB.compute(Desk(home), **values))


@pytest.mark.shared
def test_what_it_ships_shows_the_same(home: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(home, datasets=shared_data)
    tiny = {**LAB.ships, "rows": 128, "epochs": 2, "latent": 4}
    *progress, made = LAB.make(desk, **tiny)
    assert isinstance(made, Made) and progress and all(isinstance(one, Progress) for one in progress)
    write(home / "weights.safetensors", made)
    kept = read(home / "weights.safetensors")
    events: list[Event] = []
    gan, judge, classes = _result(came_along(desk, kept), events)
    assert judge is not None and len(classes) == 10
    names = {event.block.name for event in events if isinstance(event, Shown)}
    assert {"training", "losses", "beliefs", "kinds", "epochs"} <= names
    again = Dcgan(gan.recipe)
    again.load(made.tensors)
    assert torch.allclose(gan.generate(noise(3, 4, 0)), again.generate(noise(3, 4, 0)), atol=0.02), "half precision"
    monkeypatch.delitem(loading.SOURCES, "debian")
    events = []
    _, judge, _ = _result(came_along(Desk(home), kept), events)
    assert judge is None, "no distance to training pictures without them"
    assert {"other_data"} & {getattr(event.block, "key", "") for event in events if isinstance(event, Shown)}
    with pytest.raises(MissingError):
        list(LAB.make(Desk(home), **tiny))


def _result(events: Any, seen: list[Event]) -> Any:
    """Of a generator; what it yields goes into `seen`."""
    while True:
        try:
            seen.append(next(events))
        except StopIteration as end:
            return end.value
