"""Cuts a chunk's text into the smallest pieces that can be quoted: sentences, list items, table rows, code blocks.

A list item or a table row rarely makes sense alone, so each unit remembers its `lead`: the sentence that introduces the
list, or the table's header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ingest.sentences import split_sentences

Kind = Literal["sentence", "item", "row", "code", "formula", "heading"]

_FENCE = re.compile(r"^\s*(```|~~~)")
_ITEM = re.compile(r"^\s*(?:[-*+•·▪]|\d{1,2}[.)])\s+")
_RULE = re.compile(r"^\s*\|?[\s:|-]*-{3,}[\s:|-]*\|?\s*$")
_HEADING = re.compile(r"^\s*#{1,6}\s+")


@dataclass(frozen=True, slots=True)
class Unit:
    """text: as it stands in the document, outer white space trimmed. lead: index of the introducing unit, or None."""

    text: str
    kind: Kind
    lead: int | None = None


def cut(text: str) -> list[Unit]:
    """Units in reading order; joined they hold every visible character of `text`."""
    found: list[Unit] = []
    for kind, block in _blocks(text):
        if kind == "heading":
            found += [Unit(line.strip(), "heading") for line in block]
        elif kind == "table":
            _add_rows(block, found)
        elif kind == "list":
            _add_items(block, found)
        elif kind == "text":
            found += [Unit(s, "sentence") for s in sentences(" ".join(block))]
        else:
            found.append(Unit("\n".join(block).strip(), "formula" if kind == "formula" else "code"))
    return [unit for unit in found if unit.text]


def sentences(text: str) -> list[str]:
    """Sentences of running text, trimmed."""
    return [part for start, end in split_sentences(text) if (part := text[start:end].strip())]


def _add_rows(block: list[str], found: list[Unit]) -> None:
    rows = [line.strip() for line in block if not _RULE.match(line)]
    if not rows:  # a rule with nothing above or below it tells nothing
        return
    header = len(found)
    found.append(Unit(rows[0], "row"))
    found += [Unit(row, "row", header) for row in rows[1:]]


def _add_items(block: list[str], found: list[Unit]) -> None:
    lead = len(found) - 1 if found and found[-1].kind == "sentence" else None
    found += [Unit(line.strip(), "item", lead) for line in block]


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Runs of lines of one kind: code, formula, table, list, text. An indented line continues a list item."""
    kind, fence = "", ""
    block: list[str] = []
    for line in text.split("\n"):
        this = _kind_of(line, kind, fence)
        if this == "code" and _FENCE.match(line):
            opened = not fence
            fence = line.strip()[:3] if opened else ""
            if opened and block:
                yield kind, block
                block = []
            block.append(line)
            kind = "code"
            if not opened:
                yield kind, block
                kind, block = "", []
            continue
        if this == "continued":
            block[-1] += " " + line.strip()
            continue
        if this != kind and block:
            yield kind, block
            block = []
        kind = this
        if this:
            block.append(line)
    if block:
        yield kind, block


def _kind_of(line: str, before: str, fence: str) -> str:
    if fence:
        return "code"
    if _FENCE.match(line):
        return "code"
    stripped = line.strip()
    if not stripped:
        return ""
    if stripped.startswith("|"):
        return "table"
    if stripped.startswith("$$"):
        return "formula"
    if _ITEM.match(line):
        return "list"
    if before == "list" and line[:1].isspace():
        return "continued"
    return "text" if not _HEADING.match(line) else "heading"
