"""Documents as lines that can be summarised: from a collection, or straight from a file that is not stored anywhere.

Orders to the reader (chains/injection.py) are left out here, so no model ever sees them. Very long documents are thinned
evenly; the result says what share of the text was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from chains.injection import is_instruction
from chains.pack import estimate_tokens
from chains.summaries.base import Line, Material
from chains.units import cut
from ingest.base import Limits
from ingest.loading import load_pages
from ingest.split import split_pages
from models.errors import InputError
from models.types import Chunk, chunk_id

MOST_CHARACTERS = 600_000  # that are weighed sentence by sentence: about 400 pages, six seconds
MOST_LINE_CHARACTERS = 900  # a longer "sentence" is a table without rows or a file without line ends
_COMMENT = re.compile(r"^\s*(?:#+(?!!)|//+)\s*(?=.*[가-힣A-Za-z]{2})(.{12,}?)\s*$")
_ASIDE = re.compile(
    r"참고 ?문헌|목차|연습 ?문제|확인 ?문제|퀴즈|references|bibliography|contents|exercises?|quiz", re.I
)
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")


def read_file(path: Path, limits: Limits) -> list[Chunk]:
    """The file's chunks as ingestion would cut them, not stored. Raises DocumentError."""
    kind, pages = load_pages(path, limits)
    return [
        Chunk(chunk_id(path.name, ordinal, piece.text), piece.text, path.name, piece.locator, ordinal, path.name, kind)
        for ordinal, piece in enumerate(split_pages(pages))
    ]


def material_of(chunks: Sequence[Chunk], headings: Sequence[str] = ()) -> Material:
    """The lines of the chunks, one document after another. headings: only what stands under one of these, at any level.

    Raises InputError where nothing is left to summarise.
    """
    names = tuple(dict.fromkeys(chunk.source for chunk in chunks))
    read = _thinned(chunks)
    lines = _lines(read)
    if headings:
        wanted = set(headings)
        lines = [line for line in lines if wanted & set(line.headings)]
    passed_over = sum(len(chunk.text) for chunk in chunks) / max(1, sum(len(chunk.text) for chunk in read))
    whole = round(sum(line.tokens for line in lines) * passed_over)
    if not lines:
        raise _nothing(names, headings)
    return Material(names, tuple(lines), max(whole, 1), is_korean(lines))


def heading_names(chunks: Iterable[Chunk], depth: int = 2) -> list[str]:
    """Headings that can be chosen, in reading order, down to `depth` levels."""
    paths = [line.headings[:depth] for chunk in chunks for line in _lines([chunk])]
    return list(dict.fromkeys(name for path in paths for name in path))


def is_korean(lines: Sequence[Line]) -> bool:
    """Whether at least a fifth of the letters are Hangul."""
    letters: list[str] = _LETTER.findall(" ".join(line.text for line in lines[:: max(1, len(lines) // 400)]))
    return bool(sum("가" <= letter <= "힣" for letter in letters) >= 0.2 * len(letters))


def careful_tokens(text: str) -> int:
    """Tokens of any text, rather too many than too few: digits and foreign scripts cost one each, Hangul and Latin as measured."""
    foreign = sum(ord(c) > 0x2E7F and not "가" <= c <= "힣" for c in text)
    return estimate_tokens(text) + round(0.7 * (len(_DIGIT.findall(text)) + foreign))


def _thinned(chunks: Sequence[Chunk]) -> list[Chunk]:
    """All chunks, or evenly as many as may be weighed."""
    length = sum(len(chunk.text) for chunk in chunks)
    if length <= MOST_CHARACTERS:
        return list(chunks)
    step = length / MOST_CHARACTERS
    return [chunks[int(i * step)] for i in range(int(len(chunks) / step))]


def _lines(chunks: Iterable[Chunk]) -> list[Line]:
    """Everything that can be quoted, in order. Comments count where code is all there is to read;
    formulas never, references and exercises only where there is nothing else."""
    every = [line for chunk in chunks for line in _of_chunk(chunk)]
    told = [line for line in every if line.kind != "code"] or every
    return [line for line in told if not (line.headings and _ASIDE.search(line.headings[-1]))] or told


def _of_chunk(chunk: Chunk) -> Iterator[Line]:
    headings = shared = chunk.locator.headings
    units = cut(chunk.text)
    for unit in units:
        if unit.kind == "heading":
            title = unit.text.lstrip("# ").strip()
            headings = shared if shared[-1:] == (title,) or not title else (*shared, title)
            continue
        lead = "" if unit.lead is None else units[unit.lead].text
        for words in _comments(unit.text) if unit.kind == "code" else [unit.text]:
            if unit.kind != "formula" and not is_instruction(words) and _LETTER.search(words):
                yield Line(words[:MOST_LINE_CHARACTERS], unit.kind, chunk, headings, careful_tokens(words), lead)


def _comments(code: str) -> list[str]:
    """What the comments of a code block say."""
    return [found[1] for line in code.split("\n") if (found := _COMMENT.match(line))]


def _nothing(names: Sequence[str], headings: Sequence[str]) -> InputError:
    if headings:
        wanted = ", ".join(headings)
        detail = f"Nothing stands under the heading {wanted}; choose one that is in the document"
        return InputError(detail=detail, text_key="summary.no_heading", heading=wanted)
    name = ", ".join(names) or "-"
    detail = f"{name} holds nothing that can be summarised (code or formulas only); choose a document with sentences"
    return InputError(detail=detail, text_key="summary.no_words", name=name)
