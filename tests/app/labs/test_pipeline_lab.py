"""The lab on pipelines: what it claims comes true, on a tiny model of random weights and on the real 0.5B."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from app.labs.base import Desk, Event, Figure, Progress, Said, Score, Shown, Table, read_values, to_row  # noqa: E402
from app.labs.drawing import drawn, headings  # noqa: E402
from app.labs.parts.pipeline_tasks import BASE, Local, features, fit_head, interval, load  # noqa: E402
from app.labs.pipeline import LAB, LABELS, TASKS, balanced  # noqa: E402
from app.labs.words import LANGUAGES, words  # noqa: E402
from models.errors import InputError, MissingError  # noqa: E402

Ran = tuple[dict[tuple[str, str], Any], dict[str, float]]


@cache
def tiny(base: Path) -> Local:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    return Local(model, AutoTokenizer.from_pretrained(base))


def shown(events: Iterable[Event]) -> Ran:
    """Blocks by kind and name, and scores; everything said has words in both languages."""
    known, blocks, scores = words(LAB.name), {}, {}
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
        if isinstance(event, Progress):
            assert event.key in known
        elif isinstance(event, Score):
            assert f"score_{event.name}" in known
            scores[event.name] = event.value
        elif isinstance(event, Shown):
            blocks[type(event.block).__name__, event.block.name] = event.block
    for block in blocks.values():
        for lang in LANGUAGES:
            if isinstance(block, Said):
                assert known[block.key][lang].format(**block.values)
            elif isinstance(block, Figure):
                assert f"figure_{block.name}" in known and drawn(LAB.name, block, lang)
            elif isinstance(block, Table):
                assert f"table_{block.name}" in known and set(block.columns) <= set(known)
                assert headings(LAB.name, block, lang) and {len(row) for row in block.rows} <= {len(block.columns)}
    return blocks, scores


def ran(local: Local, home: Path, **values: Any) -> Ran:
    given = read_values(LAB, values)
    return shown(TASKS[str(given["task"])](local, Desk(home), given))


def test_greedy_takes_the_first_and_heat_does_not(tiny_base: Path, home: Path) -> None:
    blocks, scores = ran(tiny(tiny_base), home, **LAB.tries[0].values)
    assert scores["first"] == 1.0
    ranks = [row[2] for row in blocks["Table", "tokens"].rows]
    assert set(ranks) == {1}
    _, hot = ran(tiny(tiny_base), home, task="generation", temperature=2.0, new_tokens=24)
    assert hot["first"] < 1
    again, _ = ran(tiny(tiny_base), home, task="generation", temperature=2.0, new_tokens=24)
    assert again == ran(tiny(tiny_base), home, task="generation", temperature=2.0, new_tokens=24)[0]


def test_a_prompted_label_looks_at_two_tokens(tiny_base: Path, home: Path) -> None:
    blocks, _ = ran(tiny(tiny_base), home, **LAB.tries[1].values)
    shapes = [row[2] for row in blocks["Table", "inside"].rows]
    assert shapes[-1] == "(2,)" and shapes[2] == "(1, 259)"
    assert "pipeline_class=NextTokenLabels" in blocks["Code", "lines"].source
    assert blocks["Said", "which"].key == "which_prompt"


@pytest.mark.parametrize("by", ["prompt", "head"])
def test_accuracy_is_measured_with_its_interval(tiny_base: Path, home: Path, by: str) -> None:
    blocks, scores = ran(tiny(tiny_base), home, task="sentiment", by=by, judged=6, taught=8)
    rows = {row[0]: row[1:] for row in blocks["Table", "accuracy"].rows}
    assert list(rows) == (["head", "always"] if by == "head" else ["plain", "calibrated", "always"])
    for right, count, share, low, high in rows.values():
        assert share == pytest.approx(right / count, abs=1e-3) and 0 <= low <= share <= high <= 1
    assert scores["accuracy"] == pytest.approx(max(row[2] for name, row in rows.items() if name != "always"), abs=1e-3)


@pytest.mark.parametrize("question", [LAB.tries[2].values["question"], "🙂", "a" * 300])
def test_an_answer_stands_in_the_text_or_is_none(tiny_base: Path, home: Path, question: str) -> None:
    blocks, scores = ran(tiny(tiny_base), home, **{**LAB.tries[2].values, "question": question})
    said, context = blocks["Said", "answer"], read_values(LAB, {})["context"]
    if scores["in_text"]:
        assert said.values["before"] + said.values["answer"] + said.values["behind"] in context
    else:
        assert said.key == "not_in_text"


def test_the_fitted_head_is_the_regression_in_transformers_own_pipeline(tiny_base: Path) -> None:
    from transformers import pipeline

    local, hidden = tiny(tiny_base), []
    texts = ["좋다", "참 좋다", "아주 좋아요", "나쁘다", "참 나쁘다", "별로다"]
    assert list(features(local, texts, hidden)) == [1, 2, 3, 4, 5, 6]
    head = fit_head(local, hidden[0], np.array([True] * 3 + [False] * 3), LABELS)
    assert head.model is local.model.model, "no second body"
    classify = pipeline("text-classification", model=head, tokenizer=local.tokenizer)
    assert [found["label"] for found in classify(texts)] == [LABELS[1]] * 3 + [LABELS[0]] * 3


def test_kinds_are_taught_in_equal_numbers() -> None:
    truth = np.array([True, True, True, False, True, False])
    texts, chosen = balanced(list("abcdef"), truth, 4)
    assert (texts, chosen.tolist()) == (["a", "b", "d", "f"], [True, True, False, False])
    with pytest.raises(InputError):
        balanced(["a"], np.array([True]), 4)


def test_the_interval_is_wilsons() -> None:
    assert interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert interval(0, 0) == (0.0, 1.0)


def test_missing_weights_are_told_with_the_command(home: Path) -> None:
    with pytest.raises(MissingError, match=f"coursemate models pull {BASE}"):
        list(LAB.compute(Desk(home), **read_values(LAB, {})))


@pytest.fixture(scope="module")
def real(weights_dir: Path) -> Iterator[Local]:
    """The 0.5B, loaded once for all."""
    yield load(Desk(weights_dir.parent, weights=str(weights_dir)))


@pytest.mark.weights
class TestRealModel:
    def test_what_stands_in_the_text_may_be_the_wrong_answer(self, real: Local, home: Path) -> None:
        blocks, scores = ran(real, home, **LAB.tries[2].values)
        assert scores["in_text"] == 1
        assert blocks["Said", "answer"].values["answer"] == "10시"

    def test_it_writes_korean(self, real: Local, home: Path) -> None:
        blocks, scores = ran(real, home, **{**LAB.tries[0].values, "new_tokens": 8})
        assert scores["first"] == 1.0
        assert any("가" <= letter <= "힣" for letter in blocks["Said", "written"].values["text"])
        assert blocks["Table", "inside"].rows[2][2] == "(1, 151936)"
