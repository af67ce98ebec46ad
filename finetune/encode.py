"""An example as tokens and labels: the model learns what the assistant says and that it ends there, nothing else.

    ids, labels = encode(example, tokenizer)            # labels: IGNORED but for the last answer and its <|im_end|>
    for piece in colour(example, tokenizer): piece.text, piece.trained, piece.end

Works with any tokenizer that has a chat template; what thinks aloud (Qwen3) is rendered with thinking off. Two mistakes ruin a
run in silence, and neither can happen here: a mask that leaves nothing to learn, and an end of turn that is not learnt, after which
answers never stop (it happens where the padding token is the end token and padding is masked). Both raise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from finetune.base import IGNORED, Example
from models.errors import InputError

Turns = Literal["last", "all"]
_OPTIONS = {"enable_thinking": False}  # of the template; those that know nothing of it pass it over


@dataclass(frozen=True, slots=True)
class Piece:
    """A token, or several that share a character, as text. trained: the model learns to write it. end: of a turn."""

    text: str
    trained: bool
    end: bool = False


@dataclass(frozen=True, slots=True)
class Encoded:
    """rows: ids and labels of the examples that fit, in their order. too_long: how many do not; none is ever cut."""

    rows: tuple[tuple[list[int], list[int]], ...]
    too_long: int


def encode(
    example: Example, tokenizer: Any, max_tokens: int | None = None, turns: Turns = "last"
) -> tuple[list[int], list[int]]:
    """ids and labels, both (T,). turns: "last" learns the last answer, as a prompt with worked examples needs it; "all" each.

    Raises InputError where nothing is trained, the end of a turn is not, the example is longer than max_tokens, or the tokenizer
    has no chat template.
    """
    _, ids, _, trained = _tokens(example, tokenizer, turns)
    if max_tokens is not None and len(ids) > max_tokens:
        detail = (
            f"The example {example.id} has {len(ids)} tokens, more than {max_tokens}; raise max_tokens or shorten it"
        )
        raise _wrong("too_long", detail, id=example.id, n=len(ids), most=max_tokens)
    return ids, [token if learnt else IGNORED for token, learnt in zip(ids, trained, strict=True)]


def encode_all(
    examples: Sequence[Example], tokenizer: Any, max_tokens: int | None = None, turns: Turns = "last"
) -> Encoded:
    """Every example that fits. One that is too long is left out and counted: a cut answer teaches to stop in mid-sentence."""
    rows = [encode(example, tokenizer, None, turns) for example in examples]
    kept = tuple(row for row in rows if max_tokens is None or len(row[0]) <= max_tokens)
    return Encoded(kept, len(rows) - len(kept))


def colour(example: Example, tokenizer: Any, turns: Turns = "last") -> tuple[Piece, ...]:
    """The text token by token with what is learnt of it; joined it is what the model reads. Raises as `encode`."""
    text, _, spans, trained = _tokens(example, tokenizer, turns)
    ends = {_end_of(text, tokenizer, start, stop) for start, stop in _answers(text, example, tokenizer, turns)}
    return tuple(_pieces(text, spans, trained, ends))


def _pieces(
    text: str, spans: Sequence[tuple[int, int]], trained: Sequence[bool], ends: set[tuple[int, int]]
) -> Iterator[Piece]:
    at = 0
    for (start, stop), learnt in zip(spans, trained, strict=True):
        if stop <= at:  # the rest of a character whose first bytes were another token
            continue
        if start > at:
            yield Piece(text[at:start], False)
        yield Piece(text[max(at, start) : stop], learnt, (start, stop) in ends)
        at = stop
    if at < len(text):
        yield Piece(text[at:], False)


def _tokens(example: Example, tokenizer: Any, turns: Turns) -> tuple[str, list[int], list[tuple[int, int]], list[bool]]:
    """Text, ids, their places in the text, and which of them are learnt."""
    if not example.messages or example.messages[-1]["role"] != "assistant":
        detail = f"The example {example.id} does not end with an answer; give it an assistant's message"
        raise _wrong("no_answer", detail, id=example.id)
    text = _rendered(tokenizer, example.messages)
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, spans = list(found["input_ids"]), [(int(start), int(stop)) for start, stop in found["offset_mapping"]]
    trained = [False] * len(ids)
    for start, stop in _answers(text, example, tokenizer, turns):
        end = _end_of(text, tokenizer, start, stop)
        inside = [at for at, (first, last) in enumerate(spans) if first >= start and last <= end[1] and first < last]
        if not any(spans[at][0] < stop for at in inside):
            detail = f"Nothing of the example {example.id} would be trained on; its answer is empty"
            raise _wrong("nothing_trained", detail, id=example.id)
        if end not in [spans[at] for at in inside]:
            detail = f"The end of the answer of {example.id} is no token of its own, so answers would never end; choose another base"
            raise _wrong("end_masked", detail, id=example.id)
        for at in inside:
            trained[at] = True
    return text, ids, spans, trained


def _answers(text: str, example: Example, tokenizer: Any, turns: Turns) -> list[tuple[int, int]]:
    """Where each answer to be learnt begins and ends in the text."""
    places = [at for at, message in enumerate(example.messages) if message["role"] == "assistant"]
    found = []
    for at in places if turns == "all" else places[-1:]:
        opening = _rendered(tokenizer, example.messages[:at], opening=True)
        said = example.messages[at]["content"].strip()
        start = _shared(opening, text)
        if start < len(opening):  # a template that shows the thinking of the last turn only
            start = text.find(said, max(0, start - 1))
        if not said or start < 0 or not text.startswith(said, start):
            detail = f"Nothing of the example {example.id} would be trained on; the chat template leaves its answer out"
            raise _wrong("nothing_trained", detail, id=example.id)
        found.append((start, start + len(said)))
    return found


def _end_of(text: str, tokenizer: Any, start: int, stop: int) -> tuple[int, int]:
    """Where the token that ends the turn stands: the special one right behind the answer. Raises InputError for none."""
    specials = sorted({str(token) for token in tokenizer.get_added_vocab()} | set(tokenizer.all_special_tokens))
    gap = len(text[stop:]) - len(text[stop:].lstrip())
    for token in sorted(specials, key=len, reverse=True):
        if token and text.startswith(token, stop + gap):
            return stop + gap, stop + gap + len(token)
    said = text[start:stop][:40]
    detail = f"Behind the answer {said!r} the chat template writes no end of turn, so answers would never end; choose another base"
    raise _wrong("end_masked", detail, id=said)


def _rendered(tokenizer: Any, messages: Sequence[dict[str, str]], opening: bool = False) -> str:
    if not getattr(tokenizer, "chat_template", None):
        name = getattr(tokenizer, "name_or_path", "") or type(tokenizer).__name__
        detail = f"The tokenizer of {name} has no chat template; choose an instruction-tuned base"
        raise _wrong("no_chat_template", detail, name=name)
    text: str = tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=opening, **_OPTIONS)
    return text


def _shared(one: str, other: str) -> int:
    """Length of what both begin with."""
    if other.startswith(one):
        return len(one)
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _wrong(key: str, detail: str, **params: Any) -> InputError:
    return InputError(detail=detail, text_key=f"dataset.encode_{key}", **params)
