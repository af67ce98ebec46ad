"""What is learnt of an example: the last answer and its end, and nothing is learnt in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from finetune.base import IGNORED, Example
from finetune.encode import colour, encode, encode_all
from models.errors import InputError

MESSAGES = (
    {"role": "system", "content": "규칙"},
    {"role": "user", "content": "본보기 질문"},
    {"role": "assistant", "content": "본보기 답. [1]"},
    {"role": "user", "content": "질문"},
    {"role": "assistant", "content": "진짜 답. [2]"},
)
# As Qwen3's: the thinking of the last turn is written out, that of earlier ones is not; it may be switched off.
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['role'] == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


@pytest.fixture
def tokenizer(tiny_base: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_base)


def learnt(tokenizer: Any, example: Example, **options: Any) -> str:
    _, labels = encode(example, tokenizer, **options)
    text: str = tokenizer.decode([label for label in labels if label != IGNORED])
    return text


def test_only_the_last_answer_and_its_end_are_learnt(tokenizer: Any) -> None:
    assert learnt(tokenizer, Example("1", MESSAGES)) == "진짜 답. [2]<|im_end|>"


def test_every_answer_is_learnt_where_that_is_wanted(tokenizer: Any) -> None:
    assert learnt(tokenizer, Example("1", MESSAGES), turns="all") == "본보기 답. [1]<|im_end|>진짜 답. [2]<|im_end|>"


def test_ids_are_the_conversation_as_the_model_will_read_it(tokenizer: Any) -> None:
    ids, labels = encode(Example("1", MESSAGES), tokenizer)
    assert tokenizer.decode(ids) == tokenizer.apply_chat_template(list(MESSAGES), tokenize=False)
    assert all(label in (IGNORED, token) for token, label in zip(ids, labels, strict=True))


def test_a_thinking_model_is_trained_with_thinking_off(tokenizer: Any) -> None:
    tokenizer.chat_template = THINKING
    assert learnt(tokenizer, Example("1", MESSAGES)) == "진짜 답. [2]<|im_end|>"
    assert learnt(tokenizer, Example("1", MESSAGES), turns="all") == "본보기 답. [1]<|im_end|>진짜 답. [2]<|im_end|>"


def test_an_answer_that_repeats_the_question_is_found_at_its_own_place(tokenizer: Any) -> None:
    same = Example("1", ({"role": "user", "content": "assistant"}, {"role": "assistant", "content": "assistant"}))
    ids, labels = encode(same, tokenizer)
    assert learnt(tokenizer, same) == "assistant<|im_end|>"
    assert labels[-2] != IGNORED
    assert all(label == IGNORED for label in labels[: len(ids) // 2])


@pytest.mark.parametrize(
    ("template", "answer", "said"),
    [
        (None, " ", "would be trained on"),
        (
            "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}",
            "답",
            "no end of turn",
        ),
        (
            "{% for m in messages %}{% if m['role'] == 'user' %}{{ m['content'] }}<|im_end|>{% endif %}{% endfor %}",
            "답",
            "leaves its answer out",
        ),
        ("", "답", "no chat template"),
    ],
)
def test_what_would_ruin_a_run_raises(tokenizer: Any, template: str | None, answer: str, said: str) -> None:
    if template is not None:
        tokenizer.chat_template = template
    example = Example("x", ({"role": "user", "content": "질문"}, {"role": "assistant", "content": answer}))
    with pytest.raises(InputError, match=said):
        encode(example, tokenizer)


def test_an_example_without_an_answer_raises(tokenizer: Any) -> None:
    with pytest.raises(InputError, match="does not end with an answer"):
        encode(Example("x", MESSAGES[:-1]), tokenizer)


def test_what_is_too_long_is_left_out_and_never_cut(tokenizer: Any) -> None:
    short = Example("s", MESSAGES[:3])
    whole = len(encode(short, tokenizer)[0])
    found = encode_all([short, Example("l", MESSAGES)], tokenizer, max_tokens=whole)
    assert (len(found.rows), found.too_long) == (1, 1)
    assert len(found.rows[0][0]) == whole
    with pytest.raises(InputError, match=f"more than {whole}"):
        encode(Example("l", MESSAGES), tokenizer, whole)


def test_the_viewer_shows_the_text_as_it_is_with_what_is_learnt(tokenizer: Any) -> None:
    pieces = colour(Example("1", MESSAGES), tokenizer)
    assert "".join(piece.text for piece in pieces) == tokenizer.apply_chat_template(list(MESSAGES), tokenize=False)
    assert "".join(piece.text for piece in pieces if piece.trained) == "진짜 답. [2]<|im_end|>"
    assert [piece.text for piece in pieces if piece.end] == ["<|im_end|>"]
