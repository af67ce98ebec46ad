"""What is measured of generated pictures: on real ones, on copies and on a single picture the figures are what they must be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.labs.base import Desk  # noqa: E402
from app.labs.data.loading import load  # noqa: E402
from app.labs.parts.gan_measures import Judge, effective, trained_judge  # noqa: E402
from app.labs.parts.gan_training import SIDE, Course, Plan, as_images, noise, train, walk  # noqa: E402
from app.labs.parts.training import Rows  # noqa: E402
from models.nn.dcgan import Dcgan, Recipe  # noqa: E402

TINY = Recipe(latent=4, width=3)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    torch.set_num_threads(1)
    found = load(Desk(tmp_path_factory.mktemp("home")), "shapes", train=600, test=200)
    rows, held = (Rows(as_images(split), torch.from_numpy(split.targets)) for split in (found.train, found.test))
    return trained_judge(rows, held, len(found.classes), seed=0)


def test_effective_classes_are_those_of_equal_shares() -> None:
    assert effective(np.full(10, 0.1)) == pytest.approx(10)
    assert effective(np.array([0.5, 0, 0.5])) == pytest.approx(2)
    assert effective(np.array([0, 1.0])) == pytest.approx(1)


def test_real_pictures_are_diverse_and_no_copies(judge: Judge) -> None:
    assert judge.kinds(judge.held) > 8
    assert judge.spread(judge.train) == pytest.approx(1, abs=0.1)
    assert judge.novelty(judge.held) == pytest.approx(1)


def test_one_picture_again_and_again_is_collapse(judge: Judge) -> None:
    alike = judge.held[:1].expand(50, -1, -1, -1)
    assert judge.kinds(alike) == pytest.approx(1)
    assert judge.spread(alike) < 0.01
    assert judge.histogram(alike).sum() == pytest.approx(1)


def test_copies_are_found(judge: Judge) -> None:
    far, places = judge.nearest(judge.train[5:9])
    assert places.tolist() == [5, 6, 7, 8] and float(far.max()) < 0.1
    assert judge.novelty(judge.train[:50]) < 0.1


def test_noise_is_far_from_everything(judge: Judge) -> None:
    assert judge.novelty(noise(50, SIDE * SIDE, 0).sign().view(50, 1, SIDE, SIDE)) > 1.3


@pytest.mark.parametrize("name", ["digits", "shapes"])
def test_pictures_of_any_set_fit_the_networks(name: str, home: Path) -> None:
    made = as_images(load(Desk(home), name, train=5, test=5).train)
    assert made.shape == (5, 1, SIDE, SIDE)
    assert made.min() >= -1 and made.max() <= 1


def test_a_course_is_kept_and_restored(judge: Judge) -> None:
    plan = Plan(epochs=3, latent=4, rate=1e-3, trouble="none", seed=0)
    steps = list(train(Dcgan(TINY), judge.train[:130], plan, judge))
    assert [done for done, _ in steps][-2:] == [1.0, 1.0] and len(steps) == 10
    course = steps[-1][1]
    assert len(course.losses_d) == 9 and len(course.real) == 4 and course.shown == [0, 1, 2, 3]
    kept = course.thinned()
    again = Course.restored(kept.facts(), torch.stack(kept.grids))
    assert again.losses_g == pytest.approx(kept.losses_g, rel=1e-3)
    assert again.shown == kept.shown and torch.equal(again.grids[2], kept.grids[2])


def test_a_walk_goes_from_one_noise_to_the_other() -> None:
    gan = Dcgan(TINY)
    way = walk(gan, 3, 4, 5)
    assert torch.allclose(way[0], gan.generate(noise(1, 4, 3))[0], atol=1e-5)
    assert torch.allclose(way[-1], gan.generate(noise(1, 4, 4))[0], atol=1e-5)
    assert torch.allclose(walk(gan, 5, 5, 3)[1], gan.generate(noise(1, 4, 5))[0], atol=1e-5), "no way at all"
