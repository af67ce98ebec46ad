"""Inside Qwen: what the lab measures of attention and layers is right on small models, and what it asks comes true on the 0.5B."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from app.labs.attention import LAB, MOST_TOKENS, inside  # noqa: E402
from app.labs.base import Desk, Event, Score, Shown, Value, read_values, to_row  # noqa: E402
from app.labs.drawing import drawn, headings  # noqa: E402
from app.labs.parts.attention_measures import KINDS, SIDE, kinds, read_out, settled, small_maps, timed  # noqa: E402
from app.labs.parts.qwen_weights import Local, load_lesson, load_local  # noqa: E402
from app.labs.words import words  # noqa: E402
from models.errors import InputError, MissingError  # noqa: E402
from models.nn.qwen2 import Seen  # noqa: E402

TOKENS = torch.tensor([1, 40, 300, 77, 512])


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


class TestMeasures:
    def test_each_kind_is_found(self) -> None:
        size = 6
        first = torch.zeros(size, size)
        first[:, 0] = 1
        previous = torch.diag(torch.ones(size - 1), -1)
        previous[0, 0] = 1
        itself = torch.eye(size)
        even = torch.ones(size, size).tril() / torch.arange(1, size + 1)[:, None]
        found = kinds(torch.stack([first, previous, itself, even])[None])  # (1, 4, T, T)
        for at, kind in enumerate(KINDS):
            assert found[kind][0, at].item() == pytest.approx(1, abs=1e-4)
            assert found[kind][0].argmax() == at

    @pytest.mark.parametrize("length", [1, SIDE, 3 * SIDE])
    def test_small_maps_are_dark_where_much_is_looked_at(self, length: int) -> None:
        tiles = small_maps(torch.eye(length).expand(2, 3, length, length))
        assert tiles.shape == (6, min(length, SIDE), min(length, SIDE))
        assert tiles[0].diagonal().max() == 0
        assert length == 1 or tiles[0, 0, -1] == 1

    def test_the_last_layer_is_read_out_as_the_model_answers(self) -> None:
        model, seen = load_lesson(torch.float32), Seen()
        logits = model.logits(model.read(TOKENS[None], seen=seen))[0]
        layers = list(read_out(model, seen, 3))
        assert len(layers) == model.shape.layers + 1
        assert layers[-1].best.tolist() == logits[-3:].argmax(-1).tolist()
        assert (layers[-1].rank, layers[-1].final) == (1, layers[-1].top[0][1])
        assert 0 <= settled(layers) <= model.shape.layers

    def test_a_cache_makes_the_same_tokens(self) -> None:
        model = load_lesson(torch.float32)
        off, on = (list(timed(model, TOKENS, 6, cached))[-1] for cached in (False, True))
        assert off.tokens == on.tokens
        assert len(on.seconds) == 6
        shape = model.shape
        assert on.nbytes == 2 * shape.layers * shape.kv_heads * shape.head * 10 * 4
        assert off.nbytes == 0


def test_without_the_weights_it_says_what_to_run(home: Path) -> None:
    with pytest.raises(MissingError, match=r"coursemate models pull qwen2\.5-coder-0\.5b"):
        run(home)


@pytest.mark.parametrize("sentence", ["", " \n", "가" * 100_000], ids=["empty", "blank", "long"])
def test_a_sentence_that_cannot_be_read_is_refused(home: Path, sentence: str) -> None:
    with pytest.raises(InputError):
        run(home, sentence=sentence)


def run(home: Path, **values: Value) -> list[Event]:
    return list(LAB.compute(Desk(home), **read_values(LAB, values)))


def blocks(events: list[Event]) -> dict[tuple[str, str], Any]:
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {(type(e.block).__name__, e.block.name): e.block for e in events if isinstance(e, Shown)}
    known = words(LAB.name)
    for (kind, name), block in found.items():
        if kind == "Figure":
            assert f"figure_{name}" in known
            json.dumps(drawn(LAB.name, block, "ko"), allow_nan=False)
        elif kind == "Table":
            assert f"table_{name}" in known
            assert set(headings(LAB.name, block, "ko")).isdisjoint(block.columns)
        elif kind == "Said":
            assert known[block.key]["ko"].format(**block.values)
    return found


def scores(events: list[Event]) -> dict[str, float]:
    return {event.name: event.value for event in events if isinstance(event, Score)}


@pytest.fixture(scope="module")
def qwen(weights_dir: Path) -> Local:
    """The 0.5B, loaded once: 2.5 GB."""
    told = load_local(Desk(weights_dir.parent, weights=str(weights_dir)), torch.float32)
    while True:
        try:
            assert next(told).total > 0
        except StopIteration as end:
            return end.value


def looked(qwen: Local, **values: Value) -> list[Event]:
    return list(inside(qwen, read_values(LAB, {"tokens": 2, **values})))


@pytest.mark.weights
@pytest.mark.slow
class TestTheLocalModel:
    def test_what_it_asks_comes_true(self, qwen: Local) -> None:
        events = looked(qwen, tokens=4)
        found, said = blocks(events), scores(events)
        means = {row[0]: row[4] for row in found["Table", "kinds"].rows}
        assert means["to_first"] > max(means["to_previous"], means["to_self"])
        assert 12 <= said["settled"] <= 24
        assert said["same"] == 1
        assert len({row[1] for row in found["Table", "written"].rows}) == 1
        shares = found["Figure", "attention"].data[0]["z"]
        assert all(math.isclose(sum(row), 1, abs_tol=1e-3) for row in shares)
        assert len(found["Table", "lens"].rows) == 25
        assert found["Said", "pieces"].values["count"] == 14

    def test_a_long_text_is_cut_and_torn_syllables_are_told(self, qwen: Local) -> None:
        found = blocks(looked(qwen, sentence="<b>꿹</b> 🙂 " * 20))
        assert found["Said", "torn"].values["count"] > 0
        assert found["Said", "long"].values["most"] == len(found["Table", "tokens"].rows) == MOST_TOKENS
        assert "<b" not in json.dumps(found["Figure", "attention"].layout)

    def test_one_token_has_one_place_to_look_at(self, qwen: Local) -> None:
        found = blocks(looked(qwen, sentence="가", layer=24, head=14, kind="evenly"))
        assert found["Said", "single"].key == "single"
        assert found["Figure", "attention"].data[0]["z"] == [[1]]
