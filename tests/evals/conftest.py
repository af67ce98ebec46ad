"""Outcomes to measure, made by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evals.base import Outcome
from models.types import Answer, Chunk, Citation, Hit, Locator, Passage, Sentence


@pytest.fixture(scope="session")
def said() -> Callable[..., Outcome]:
    """An answer in one sentence, or a refusal."""

    def build(text: str, *, refused: bool = False) -> Outcome:
        return Outcome(Answer("?", (Sentence(text, 1.0),), refused=refused))

    return build


@pytest.fixture(scope="session")
def ranked() -> Callable[..., Outcome]:
    """A ranking of chunks given as (source, text), best first."""

    def build(*chunks: tuple[str, str]) -> Outcome:
        hits = [Hit(chunk(i, *given), 1 / (i + 1)) for i, given in enumerate(chunks)]
        return Outcome(ranking=tuple(hits))

    return build


@pytest.fixture(scope="session")
def cited() -> Callable[..., Outcome]:
    """An answer of sentences given as (text, quote); quote "" for a sentence without a citation."""

    def build(*sentences: tuple[str, str], passage: str = "", refused: bool = False) -> Outcome:
        place = Locator(headings=("드롭아웃",))
        made = [Sentence(text, 1.0, (n,) if quote else ()) for n, (text, quote) in enumerate(sentences, start=1)]
        quotes = [Citation(n, "06.md", place, quote) for n, (_, quote) in enumerate(sentences, start=1) if quote]
        read = passage or " ".join(quote for _, quote in sentences)
        passages = (Passage(1, chunk(0, "06.md", read), read, (read,), 0, 1.0),) if read else ()
        return Outcome(Answer("?", tuple(made), tuple(quotes), refused=refused), passages=passages)

    return build


def chunk(number: int, source: str, text: str) -> Chunk:
    return Chunk(f"c{number}", text, source, Locator(), number)
