"""Which step lost an answer, and who was refused."""

from __future__ import annotations

import pytest

from evals.analysis import confusion, count, loss_of, losses, slices
from evals.base import Case, Outcome
from evals.run_folder import Run, SystemRecord
from models.types import Answer, Chunk, Hit, Locator, Passage, Sentence

EVIDENCE = "드롭아웃은 은닉층에서 보통 확률 0.5를 쓴다."
OTHER = "합성곱 층은 작은 필터를 이미지 위로 움직인다."
CASE = Case("a", "확률은?", documents=("d.md",), must_include=(("0.5",),), evidence=EVIDENCE, tags=("number",))
NONE = Case("u", "수강료는?", answerable=False, tags=("fee",))


def outcome(
    said: str, found: str = EVIDENCE, packed: str = EVIDENCE, refused: bool = False, draft: str = ""
) -> Outcome:
    chunk = Chunk("1" * 32, found, "d.md", Locator(), 0)
    passages = (Passage(1, chunk, packed, (packed,), 0, 0.9),)
    return Outcome(Answer("q", (Sentence(said, 0.9),), refused=refused, draft=draft), (Hit(chunk, 0.9),), passages)


@pytest.mark.parametrize(
    ("case", "what", "loss"),
    [
        (CASE, outcome("0.5를 쓴다."), None),
        (CASE, outcome("모른다.", found=OTHER, packed=OTHER), "retrieval"),
        (CASE, outcome("모른다.", packed=OTHER), "packing"),
        (CASE, outcome("0.3을 쓴다.", draft="0.3을 쓴다."), "model"),
        (CASE, outcome("거절", refused=True, draft="0.5를 쓴다."), "grounding"),
        (CASE, outcome("다른 문장.", draft="확률 0.5입니다."), "grounding"),
        (CASE, outcome("모른다.", found="여기도 0.5라고 한다.", packed="여기도 0.5라고 한다."), "model"),
        (NONE, outcome("10만 원"), "answered_unanswerable"),
        (NONE, outcome("거절", refused=True), None),
        (CASE, Outcome(), None),
        (Case("n", "정답 없음?"), outcome("무엇이든"), None),
    ],
)
def test_the_first_step_that_lost_it_is_named(case: Case, what: Outcome, loss: str | None) -> None:
    assert loss_of(case, what) == loss


def test_counts_and_confusion(tmp_path: object) -> None:
    cases = (CASE, NONE, Case("b", "또?", must_include=(("0.5",),), tags=("number",)), Case("c", "안 물음?"))
    answers = {"a": outcome("거절", refused=True, draft="0.5"), "u": outcome("10만 원"), "b": outcome("0.5")}
    run = Run(tmp_path, "", "", 0, cases, (SystemRecord("s", "f"),), {"s": answers}, {"s": {}})  # type: ignore[arg-type]
    assert losses(run, "s") == {"a": "grounding", "u": "answered_unanswerable"}
    assert count(losses(run, "s"))["grounding"] == 1
    found = confusion(run, "s")
    assert found is not None
    assert (found.answered, found.refused, found.unanswerable_answered, found.unanswerable_refused) == (1, 1, 1, 0)
    assert slices(cases, smallest=2) == {"number": frozenset({"a", "b"})}
    assert run.missing == {"s": ["c"]}


def test_retrieval_alone_has_no_confusion() -> None:
    run = Run(None, "", "", 0, (CASE,), (SystemRecord("s", "f"),), {"s": {"a": Outcome()}}, {"s": {}})  # type: ignore[arg-type]
    assert confusion(run, "s") is None
