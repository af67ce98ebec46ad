"""Quantization: what the lab asks comes true on the lessons' model, and the model it makes of it is transformers'."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from app.labs.base import Desk, Score, Shown, Value, read_values  # noqa: E402
from app.labs.parts.quantization_runs import Format, lost, score  # noqa: E402
from app.labs.parts.qwen_weights import load_lesson  # noqa: E402
from app.labs.quantization import LAB  # noqa: E402
from app.lessons import tiny  # noqa: E402
from app.lessons.sentences import general  # noqa: E402
from models.errors import MissingError  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def run(home: Path, **values: Value) -> tuple[dict[tuple[str, str], Any], dict[str, float]]:
    events = list(LAB.compute(Desk(home, threads=1), **read_values(LAB, {**LAB.small, **values})))
    found = {(type(e.block).__name__, e.block.name): e.block for e in events if isinstance(e, Shown)}
    return found, {e.name: e.value for e in events if isinstance(e, Score)}


def test_eight_bits_cost_next_to_nothing(home: Path) -> None:
    found, scores = run(home, **LAB.tries[0].values)
    assert abs(scores["cost_int8"]) < 0.02
    assert abs(scores["cost_bf16"]) < 0.02
    rows = {row[0]: row for row in found["Table", "formats"].rows}
    assert list(rows) == ["fp32", "bf16", "int8", "int4", "nf4", "chosen"]
    assert rows["bf16"][2] == 0.5
    assert 0.25 < rows["int8"][2] < 0.29
    assert 0.125 < rows["nf4"][2] < 0.17
    assert scores["error_tensor"] > scores["error_channel"] > scores["error_group"]


def test_two_bits_and_one_scale_ruin_it(home: Path) -> None:
    _, scores = run(home, **LAB.tries[1].values)
    assert scores["cost_chosen"] > 3


def test_small_groups_keep_an_outlier_to_themselves(home: Path) -> None:
    _, calm = run(home, bits="8")
    found, hit = run(home, **LAB.tries[2].values)
    assert hit["error_tensor"] > 10 * calm["error_tensor"]
    assert hit["error_group"] < 4 * calm["error_group"]
    assert found["Said", "matrix"].key == "outlier"


def test_the_lessons_model_is_that_of_transformers() -> None:
    ours, theirs = load_lesson(torch.float32), tiny.load()
    rows = [[tiny.START, *tiny.encode(text), tiny.END] for text in general()[:20]]
    with torch.no_grad():
        assert score(ours, rows) == pytest.approx(tiny.forgetting(theirs, general()[:20]), rel=1e-4)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_bits_are_counted_with_their_scales(bits: int) -> None:
    weight = torch.randn(16, 64, generator=torch.Generator().manual_seed(0))
    assert lost(weight, Format(bits, 32)).bits == bits + 16 / 32
    assert math.isfinite(lost(weight, Format(bits), outlier=50).error)


def test_without_the_weights_it_says_what_to_run(home: Path) -> None:
    with pytest.raises(MissingError, match=r"coursemate models pull qwen2\.5-coder-0\.5b"):
        run(home, model="qwen2.5-coder-0.5b")
