"""Reads Markdown-flavoured text as blocks, the units a chunk is made of, and cuts blocks that are too long."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ingest.sentences import split_sentences

Count = Callable[[Sequence[str]], list[int]]

_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_RULER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$")
_LONGEST_TOKEN = 16  # characters; a text longer than its budget times this surely is too long
_STEP = 4  # characters a token, generously: how a text that must be cut anyhow is cut before it is counted


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together. level: of a heading, 1 to 6, else 0."""

    kind: Literal["heading", "text", "code", "table"]
    text: str
    level: int = 0

    @property
    def title(self) -> str:
        """A heading's words."""
        match = _HEADING.match(self.text)
        return match.group(2) if match else ""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a block that fits a chunk. glue: what joins it to the part before in the same chunk."""

    text: str
    tokens: int
    glue: str = "\n\n"
    heading: bool = False


def read_blocks(text: str) -> Iterator[Block]:
    """Headings, fenced code, tables and paragraphs in order; blank lines between them are left out."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        end = at + 1
        if not line.strip():
            at = end
            continue
        if fence := _FENCE.match(line):
            end = _fence_end(lines, at, fence.group(1))
            yield Block("code", "\n".join(lines[at:end]))
        elif heading := _HEADING.match(line):
            yield Block("heading", line.strip(), len(heading.group(1)))
        elif _is_table(lines, at):
            while end < len(lines) and lines[end].lstrip().startswith("|"):
                end += 1
            yield Block("table", "\n".join(lines[at:end]))
        else:
            while end < len(lines) and lines[end].strip() and not _starts_block(lines, end):
                end += 1
            yield Block("text", "\n".join(lines[at:end]))
        at = end


def _fence_end(lines: Sequence[str], start: int, marks: str) -> int:
    close = re.compile(rf"[ \t]{{0,3}}{marks[0]}{{{len(marks)},}}[ \t]*$")
    return next((i + 1 for i in range(start + 1, len(lines)) if close.match(lines[i])), len(lines))


def _is_table(lines: Sequence[str], at: int) -> bool:
    return lines[at].lstrip().startswith("|") and at + 1 < len(lines) and bool(_RULER.match(lines[at + 1]))


def _starts_block(lines: Sequence[str], at: int) -> bool:
    return bool(_FENCE.match(lines[at]) or _HEADING.match(lines[at])) or _is_table(lines, at)


def sizes(blocks: Sequence[Block], limit: int, count: Count) -> list[int]:
    """Tokens of each block, counted in one go; one that is surely over `limit` is not counted, and given as limit + 1."""
    short = [block.text for block in blocks if len(block.text) <= limit * _LONGEST_TOKEN]
    counted = iter(count(short) if short else [])
    return [next(counted) if len(block.text) <= limit * _LONGEST_TOKEN else limit + 1 for block in blocks]


def fit(block: Block, tokens: int, budget: int, count: Count) -> list[Part]:
    """The block, of `tokens`, as parts of at most `budget` tokens, in order; whole where it fits."""
    if tokens <= budget:
        return [Part(block.text, tokens, heading=block.kind == "heading")]
    cut = {"code": _fit_code, "table": _fit_table}.get(block.kind, _fit_text)
    return cut(block.text, budget, count)


def _fit_text(text: str, budget: int, count: Count) -> list[Part]:
    spans = split_sentences(text)
    gaps = ["\n\n", *(text[a[1] : b[0]] for a, b in pairwise(spans))]
    sentences = [text[start:end] for start, end in spans]
    parts: list[Part] = []
    for sentence, gap, tokens in zip(sentences, gaps, count(sentences) if sentences else [], strict=True):
        parts += [Part(sentence, tokens, gap)] if tokens <= budget else _shorten(sentence, budget, count, gap)
    return parts


def _fit_code(text: str, budget: int, count: Count) -> list[Part]:
    opening, *lines = text.split("\n")
    marks = _FENCE.match(opening)
    closing = marks.group(1) if marks else "```"
    last = lines[-1].strip() if lines else ""
    if last.startswith(closing) and not last.strip(closing[0]):
        lines.pop()
    (frame,) = count([f"{opening}\n{closing}"])
    if frame > budget // 4:  # a fence whose own line is a text
        return _fit_text(text, budget, count)
    bodies = _pack(lines, budget - frame, count)
    return [Part(f"{opening}\n{body.text}\n{closing}", body.tokens + frame) for body in bodies]


def _fit_table(text: str, budget: int, count: Count) -> list[Part]:
    lines = text.split("\n")
    header = "\n".join(lines[:2])
    (tokens,) = count([header]) if len(header) <= budget * _LONGEST_TOKEN else (budget,)
    if tokens > budget // 2:  # too wide to repeat
        return _pack(lines, budget, count)
    return [Part(f"{header}\n{rows.text}", tokens + rows.tokens) for rows in _pack(lines[2:], budget - tokens, count)]


def _pack(lines: Sequence[str], budget: int, count: Count) -> list[Part]:
    """Lines put together up to the budget; a longer line is cut."""
    packed: list[Part] = []
    for line in lines:
        for part in _shorten(line, budget, count, "\n") or [Part("", 0, "\n")]:
            last = packed[-1] if packed else None
            if last and last.tokens + part.tokens <= budget:
                packed[-1] = Part(last.text + part.glue + part.text, last.tokens + part.tokens)
            elif part.text:
                packed.append(Part(part.text, part.tokens))
    return packed


def _shorten(text: str, budget: int, count: Count, glue: str) -> list[Part]:
    """The text, or halves of halves of it, cut at white space where there is some near the middle."""
    window = budget * _STEP
    parts: list[Part] = []
    at = 0
    while at < len(text):
        whole = at == 0 and len(text) <= window * 2
        end = len(text) if whole else _cut(text, at, min(at + window, len(text)))
        parts += _halve(text[at:end], budget, count, glue)
        at, glue = end, ""
    return parts


def _halve(text: str, budget: int, count: Count, glue: str) -> list[Part]:
    if not text.strip():
        return []
    (tokens,) = count([text])
    if tokens <= budget or len(text) == 1:
        return [Part(text, tokens, glue)]
    middle = _cut(text, 0, len(text) // 2)
    return _halve(text[:middle], budget, count, glue) + _halve(text[middle:], budget, count, "")


def _cut(text: str, start: int, end: int) -> int:
    """A place to cut at or before `end`: after white space in its last third, else `end` itself."""
    if end >= len(text):
        return len(text)
    for at in range(end, start + (end - start) * 2 // 3, -1):
        if text[at - 1].isspace():
            return at
    return max(end, start + 1)
