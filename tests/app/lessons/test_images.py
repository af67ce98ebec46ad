"""The lesson's trials on images: what learns, how fast, what is computed once, and what is told of it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from app.lessons.images import (  # noqa: E402
    NETS,
    RATE,
    SEEN,
    Recipe,
    _frozen_once,
    learning,
    network,
    part_of,
    pretrained,
    rates,
    score,
    score_by_kind,
    trial,
)
from app.lessons.pictures import digits  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def recipe(**changes: object) -> Recipe:
    return Recipe(**{"net": "vit", "way": "full", "each": 2, "seed": 1, "steps": 3, **changes})


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize(("data", "least"), [("digits", 0.9)], ids=["digits"])
def test_the_shipped_weights_still_load_and_know_their_kinds(net: str, data: str, least: float) -> None:
    images, kinds = digits().held(seen=True)
    assert score(pretrained(net, data), images, kinds) > least


@pytest.mark.parametrize("net", NETS)
def test_each_way_frees_its_own_part(net: str) -> None:
    def parts(**changes: object) -> set[str]:
        return {part_of(name, 3)[0] for name in learning(network(net, SEEN), recipe(net=net, **changes))}

    assert parts(way="frozen") == {"head"}
    assert parts(way="partial") == {"head", "block_3"}
    assert parts(way="partial", blocks=2) == {"head", "block_3", "block_2"}
    stem = {"stem"} if net == "vit" else set()
    assert parts(way="full") == {"head", "block_3", "block_2", "block_1"} | stem


def test_lower_parts_learn_at_lower_rates() -> None:
    model, slow = network("vit", SEEN), recipe(decay=0.5)
    found = rates(model, slow, learning(model, slow))
    assert list(found) == ["stem", "block_1", "block_2", "block_3", "head"]
    assert [found[part] / RATE["full"] for part in reversed(found)] == pytest.approx([1, 0.5, 0.25, 0.125, 0.0625])


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("blocks", [1, 3])
def test_what_is_frozen_is_computed_once_and_means_the_same(net: str, blocks: int) -> None:
    model, images = pretrained(net, "digits"), torch.rand(4, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    for way in ("frozen", "partial", "full"):
        given, answer = _frozen_once(model, recipe(net=net, way=way, blocks=blocks), images)
        torch.testing.assert_close(answer(given), model(images), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("net", NETS)
def test_frozen_forgets_nothing_and_moves_nothing(net: str) -> None:
    found = digits()
    images, kinds = found.held(seen=True)
    tried = trial(recipe(net=net, way="frozen"), found)
    assert tried.kept == pytest.approx(score(pretrained(net, "digits"), images, kinds))
    assert set(tried.moved.values()) == {0.0}
    assert len(tried.kept_by) == SEEN


def test_what_moves_is_what_learns() -> None:
    partial, full = (trial(recipe(way=way), digits()) for way in ("partial", "full"))
    assert [part for part, far in partial.moved.items() if far] == ["block_3"]
    assert min(full.moved.values()) > 0
    assert partial.trained < full.trained
    assert trial(recipe(way="scratch"), digits()).moved == {}


def test_kinds_are_counted_by_themselves() -> None:
    model, (images, kinds) = pretrained("cnn", "digits"), digits().held(seen=True)
    shares = score_by_kind(model, images, kinds)
    counts = [int((kinds == kind).sum()) for kind in range(SEEN)]
    whole = sum(share * count for share, count in zip(shares, counts, strict=True)) / sum(counts)
    assert whole == pytest.approx(score(model, images, kinds))
