"""Our pipelines: labels are a softmax over two tokens' scores, and an answer is what stands in the text, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from models.nn.pipelines import (  # noqa: E402
    ANSWER_PROMPT,
    LABELS,
    NONE,
    REVIEW_PROMPT,
    ExtractedAnswer,
    NextTokenLabels,
    Span,
    locate,
)

CONTEXT = "실습실은 본관 3층 305호에 있습니다. 일요일에는 열지 않습니다."


def made(kind: type, base: Path) -> Any:
    from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return pipeline(
        "text-generation", model=model, tokenizer=AutoTokenizer.from_pretrained(base), pipeline_class=kind, device="cpu"
    )


def test_prompts_hold_what_they_ask_about() -> None:
    assert REVIEW_PROMPT.format(text="좋다").endswith("영화평: 좋다")
    assert ANSWER_PROMPT.format(context="가", question="나?").endswith("글: 가\n\n질문: 나?") and NONE in ANSWER_PROMPT


def test_labels_are_a_softmax_over_their_first_tokens(tiny_base: Path) -> None:
    classify = made(NextTokenLabels, tiny_base)
    tokens = classify.preprocess("참 좋다")
    assert "참 좋다" in classify.tokenizer.decode(tokens["input_ids"][0])
    logits = classify.forward(tokens)["logits"]
    with torch.inference_mode():
        assert torch.allclose(logits, classify.model(**tokens).logits[:, -1], atol=1e-5)
    first = classify.first_tokens(LABELS)
    wanted = logits[0, first].softmax(dim=0).tolist()
    found = classify("참 좋다")
    assert found[0]["score"] >= found[1]["score"] and sum(one["score"] for one in found) == pytest.approx(1)
    assert {one["label"]: one["score"] for one in found} == pytest.approx(dict(zip(LABELS, wanted, strict=True)))


def test_what_an_empty_text_scores_can_be_taken_off(tiny_base: Path) -> None:
    classify = made(NextTokenLabels, tiny_base)
    first = classify.first_tokens(LABELS)
    prior = classify.forward(classify.preprocess("참 좋다"))["logits"][0, first]
    assert [one["score"] for one in classify("참 좋다", prior=prior)] == pytest.approx([0.5, 0.5])


def test_labels_that_begin_alike_are_refused(tiny_base: Path) -> None:
    with pytest.raises(ValueError, match="the same token"):
        made(NextTokenLabels, tiny_base)("글", labels=("가나", "가다"))


def test_an_answer_is_written_and_looked_up(tiny_base: Path) -> None:
    answer = made(ExtractedAnswer, tiny_base)
    found = answer({"question": "몇 층입니까?", "context": CONTEXT}, max_new_tokens=3)
    assert set(found) == {"answer", "start", "end", "score", "generated"}
    assert 0 < found["score"] <= 1
    assert found["answer"] == (CONTEXT[found["start"] : found["end"]] if found["start"] >= 0 else "")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("3층", "3층"),
        ("답은 305호", "305호"),
        ("5층", ""),
        ("없음", ""),
        ("'없음'.", ""),
        ("", ""),
        ("일요일에는 ", "일요일에는"),
    ],
)
def test_only_what_stands_in_the_text_is_given_out(tiny_base: Path, said: str, answer: str) -> None:
    pipe = made(ExtractedAnswer, tiny_base)
    written = torch.tensor(pipe.tokenizer(said)["input_ids"], dtype=torch.long)
    found = pipe.postprocess({"context": CONTEXT, "written": written, "sure": torch.zeros(1)})
    assert (found["answer"], found["score"]) == (answer, 1.0)


def test_a_span_is_where_it_says() -> None:
    assert locate("본관 3층", CONTEXT) == Span(5, 10)
    assert locate("정답: 본관 3층 305호", CONTEXT) == Span(5, 15)
    assert locate("본관3층", CONTEXT) == Span(5, 10)
    assert locate("아주 길게 지어낸 이야기 속의 3층", CONTEXT) is None
