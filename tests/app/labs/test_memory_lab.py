"""Memory: the arithmetic is that of the published models, and what checkpointing keeps, costs and leaves as it is comes out."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from app.labs.base import Desk, Score, Shown, Value, read_values  # noqa: E402
from app.labs.memory import LAB  # noqa: E402
from app.labs.parts.memory_meter import Meter, _mode, measure, thinned  # noqa: E402
from app.labs.parts.memory_models import PUBLISHED, cache_bytes, token_bytes, tokens_that_fit, weight_bytes  # noqa: E402
from models.nn.gpt import Shape as GptShape  # noqa: E402
from models.nn.gpt import TorchGpt  # noqa: E402
from models.nn.qwen2 import Shape  # noqa: E402
from models.nn.recomputing import recomputed, recomputed_torch  # noqa: E402

REST = {
    "qwen2.5-0.5b": (896, 4864, 151_936),
    "qwen2.5-1.5b": (1536, 8960, 151_936),
    "qwen2.5-7b": (3584, 18_944, 152_064),
}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def run(home: Path, **values: Value) -> tuple[dict[tuple[str, str], Any], dict[str, float]]:
    events = list(LAB.compute(Desk(home, threads=1), **read_values(LAB, {**LAB.small, **values})))
    found = {(type(e.block).__name__, e.block.name): e.block for e in events if isinstance(e, Shown)}
    return found, {e.name: e.value for e in events if isinstance(e, Score)}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_shapes_add_up_to_the_published_parameters(name: str) -> None:
    model, (width, hidden, vocabulary) = PUBLISHED[name], REST[name]
    shape = Shape(
        vocabulary, width, hidden, model.layers, model.heads, model.kv_heads, model.head, tied=name != "qwen2.5-7b"
    )
    assert shape.parameters() == model.parameters
    assert model.heads * model.head == width


def test_the_cache_is_counted_as_the_notes_do() -> None:
    model = PUBLISHED["qwen2.5-7b"]
    assert token_bytes(model, 16) == 2 * 28 * 4 * 128 * 2 == 57_344
    assert cache_bytes(model, 100, 3, 8) == 57_344 * 100 * 3 / 2
    room = weight_bytes(model, 16) + 57_344 * 10.5
    assert tokens_that_fit(model, room, 1, 16, 16) == 10
    assert tokens_that_fit(model, 1e9, 1, 16, 16) == 0


def test_many_long_requests_outweigh_the_weights(home: Path) -> None:
    _, scores = run(home, **LAB.tries[0].values)
    assert 1.8 < scores["times_weights"] < 2.2


def test_sharing_heads_makes_the_cache_a_seventh(home: Path) -> None:
    _, scores = run(home, **LAB.tries[1].values)
    assert scores["unshared"] == 7


@pytest.mark.parametrize("way", ["scratch", "torch"])
def test_checkpointing_halves_the_memory_for_a_third_more_work(home: Path, way: str) -> None:
    found, scores = run(home, **LAB.tries[2].values, length=64, batch=2, way=way)
    assert scores["kept_share"] < 0.5
    assert scores["peak_share"] < 0.6
    assert 1.1 < scores["work"] < 1.4
    assert float(found["Said", "compared"].values["apart"]) < 1e-6
    assert len(found["Figure", "timeline"].data) == 2


def test_what_goes_beyond_is_told(home: Path) -> None:
    found, _ = run(home, model="qwen2.5-0.5b", context=131_072, room=1, weight_bits="16")
    assert found["Said", "beyond"].tone == "bad"
    none, _ = run(home, model="qwen2.5-7b", room=2, weight_bits="16")
    assert none["Said", "fits"].key == "fits_not"


@pytest.mark.parametrize("way", [recomputed, recomputed_torch], ids=["scratch", "torch"])
def test_gradients_are_those_without(way: Any) -> None:
    torch.manual_seed(0)
    block = torch.nn.Sequential(torch.nn.Linear(6, 24), torch.nn.GELU(), torch.nn.Linear(24, 6))
    inputs = torch.randn(3, 6, requires_grad=True)
    grads = []
    for how in (lambda run, x: run(x), way):
        block.zero_grad()
        inputs.grad = None
        how(block, how(block, inputs * 2)).square().sum().backward()
        grads.append([inputs.grad.clone(), *(parameter.grad.clone() for parameter in block.parameters())])
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other)


def test_bytes_are_counted_while_they_are_alive() -> None:
    meter, before = Meter(), torch.zeros(10)
    meter.watch(before, counted=False)
    with _mode()(meter):
        large = before + torch.ones(1000, 10)
        view = large.view(-1)
        assert meter.live >= 40_000
        view.add_(1)
        alive = meter.live
        del large
        assert meter.live == alive, "the view still holds it"
        del view
        gc.collect()
        assert meter.live == 0
    assert meter.peak == 80_000  # the ones and the sum


def test_the_same_step_is_counted_the_same() -> None:
    torch.manual_seed(0)
    model = TorchGpt(GptShape(20, 8, 8, 2, 2))
    tokens = torch.randint(20, (2, 9))
    first, second = (measure(model, tokens, "plain") for _ in range(2))
    assert (first.kept, first.peak, list(first.curve)) == (second.kept, second.peak, list(second.curve))
    assert 0 < first.turn < 1


def test_a_thinned_curve_keeps_its_peak() -> None:
    curve = [0] * 1000
    curve[517] = 9
    assert len(thinned(curve)) == 300 and max(thinned(curve)) == 9
    assert thinned([1, 2]) == [1, 2]
