"""The form of a draft: it ends in the number of a passage that was shown, or is the refusal and nothing else."""

from __future__ import annotations

import pytest

from chains.prompts import REFUSAL_KO
from evals.base import Case, Outcome
from evals.metrics.citation_format import METRIC
from models.types import Answer, Chunk, Locator, Passage

PASSAGES = tuple(Passage(n, Chunk(str(n), "글", "a.md", Locator(), n), "글", ("글",), 0, 1.0) for n in (1, 2))


@pytest.mark.parametrize(
    ("draft", "value"),
    [
        ("드롭아웃은 과적합을 줄입니다. [1]", 1.0),
        ("드롭아웃은 과적합을 줄입니다 [2].\n", 1.0),
        ("드롭아웃은 과적합을 줄입니다. [3]", 0.0),
        ("[1] 드롭아웃은 과적합을 줄입니다.", 0.0),
        ("드롭아웃은 과적합을 줄입니다.", 0.0),
        (REFUSAL_KO, 1.0),
        (f"{REFUSAL_KO} [1] 다만 …", 0.0),
        ("  ", None),
    ],
)
def test_form(draft: str, value: float | None) -> None:
    assert METRIC.evaluate(Case("a", "?"), Outcome(Answer("?", (), draft=draft), passages=PASSAGES)) == value


def test_nothing_answered() -> None:
    assert METRIC.evaluate(Case("a", "?"), Outcome()) is None
