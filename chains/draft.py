"""What comes from the model before anything is checked: its text, what it cost, and the sentences it claims."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.messages import BaseMessageChunk

from chains.answerable import is_refusal
from chains.cite import normalise_marks
from chains.ground import MARK
from chains.prepare import Prepared
from chains.units import sentences
from models.types import Usage

ANSWERED_BY = "coursemate_backend"


@dataclass(slots=True)
class Draft:
    """What came from the model so far. first, last: when its first and its latest text came (time.perf_counter).

    stopped: the reader pressed stop. backend: who answered, where that is not the one that was asked. agreement: of
    self-consistency, the share of the drawn answers that say the same.
    """

    text: str = ""
    usage: Usage = field(default_factory=Usage)
    first: float | None = None
    last: float | None = None
    stopped: bool = False
    backend: str = ""
    agreement: float | None = None

    def add(self, piece: BaseMessageChunk) -> str:
        """Takes a piece in; its text."""
        text = piece.text
        if text:
            self.last = time.perf_counter()
            self.first = self.last if self.first is None else self.first
        self.text += text
        self.backend = piece.response_metadata.get(ANSWERED_BY, self.backend)
        counted: dict[str, Any] | None = getattr(piece, "usage_metadata", None)
        if counted:
            self.usage = Usage(counted.get("input_tokens"), counted.get("output_tokens"))
        return text

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens written a second, from the first piece to the last; None where nothing tells."""
        written = self.usage.completion_tokens
        if self.first is None or self.last is None or self.last <= self.first or not written or written < 2:
            return None
        return (written - 1) / (self.last - self.first)


def chosen(drafts: Sequence[Draft], winner: int, agreement: float) -> Draft:
    """Several draws as one: the winner's words, the time and tokens of all."""
    first, best = drafts[0], drafts[winner]
    usage = Usage(
        _sum([draft.usage.prompt_tokens for draft in drafts]), _sum([draft.usage.completion_tokens for draft in drafts])
    )
    return replace(best, usage=usage, first=first.first, last=drafts[-1].last, agreement=agreement)


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def final_part(text: str, final: str) -> str:
    """What stands behind the word that announces the answer proper, the last time it begins a line.

    A model that forgot the word has its last paragraph taken; "" for `final` takes everything.
    """
    word = final.strip().rstrip(":：").strip()
    if not word:
        return text
    marks = list(re.finditer(rf"^[\s*#>_-]*{re.escape(word)}[\s*_]*[:：][\s*_]*", text, re.M))
    if marks:
        return text[marks[-1].end() :].strip()
    paragraphs = [part.strip() for part in text.split("\n") if part.strip()]
    return paragraphs[-1] if paragraphs else ""


def parts_of(draft: str) -> list[str]:
    """The sentences of a model's draft, their marks in one form and with the sentence they follow."""
    parts: list[str] = []
    for part in sentences(normalise_marks(draft)):
        if parts and not MARK.sub("", part).strip(" .\n"):
            parts[-1] += " " + part
        else:
            parts.append(part)
    return parts


def best_sentence(prepared: Prepared) -> str:
    """The sentence most likely to hold the answer."""
    best = prepared.passages[0]
    return best.sentences[best.best]


def claims_of(draft: str, prepared: Prepared) -> list[str]:
    """What an answer made from this draft would claim: its sentences, or the best evidence where the model refused."""
    return [best_sentence(prepared)] if is_refusal(draft) else parts_of(draft)


def is_fragment(sentence: str) -> bool:
    """Whether a sentence is too little to stand alone: a bare number, a name, no verb."""
    plain = MARK.sub("", sentence).strip()
    return len(plain) < 16 or re.search(r"[다요죠음함임][.!?]*$", plain) is None
