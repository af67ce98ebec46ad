"""Finds the document and the section that a model or a person means by a few words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import PurePath

from chains.tools.base import ToolContext
from ingest.morphemes import content_morphemes
from ingest.store import DocumentRecord
from models.errors import InputError
from models.types import Chunk

SHOWN = 12


def document_of(words: str, context: ToolContext) -> DocumentRecord:
    """The document whose name, number or title the words are. Raises InputError with the nearest names."""
    records = context.documents()
    folded = _folded(words)
    exact = [r for r in records if folded in {_folded(r.source), _folded(PurePath(r.source).stem), _folded(r.title)}]
    part = [r for r in records if folded and (folded in _folded(r.source) or folded in _folded(r.title))]
    numbered = [r for r in records if (week := re.search(r"\d+", words)) and re.match(rf"0*{week[0]}(?!\d)", r.source)]
    wanted = set(content_morphemes(words))
    shared = sorted(
        records, key=lambda r: -len(wanted & set(content_morphemes(f"{r.title} {PurePath(r.source).stem}")))
    )
    alike = shared[:1] if shared and wanted & set(content_morphemes(f"{shared[0].title} {shared[0].source}")) else []
    for found in (exact, part, numbered, alike):
        if found:
            return found[0]
    names = [record.source for record in records]
    near = difflib.get_close_matches(words, names, n=3, cutoff=0.3) or names[:SHOWN]
    detail = f"There is no document {words[:80]!r}; there are {', '.join(near)}."
    raise InputError(detail=detail, text_key="agent.no_document", name=words[:80], near=", ".join(near))


def sections_of(chunks: Sequence[Chunk]) -> list[tuple[tuple[str, ...], list[Chunk]]]:
    """The chunks of a document by their headings, in order."""
    return [(path, list(part)) for path, part in groupby(chunks, key=lambda chunk: chunk.locator.headings)]


def section_of(words: str, chunks: Sequence[Chunk]) -> list[Chunk]:
    """The chunks under the heading that shares most with the words; empty where none shares anything."""
    wanted, folded = set(content_morphemes(words)), _folded(words)

    def agreement(section: tuple[tuple[str, ...], list[Chunk]]) -> float:
        path = section[0]
        inner = path[-1] if path else ""
        if folded and folded in _folded(inner):
            return 10.0 + len(folded) / max(1, len(_folded(inner)))
        own = set(content_morphemes(inner))
        outer = set(content_morphemes(" ".join(path[:-1])))
        return len(wanted & own) / max(1, len(wanted)) + 0.3 * len(wanted & outer) / max(1, len(wanted))

    sections = sections_of(chunks)
    best = max(sections, key=agreement, default=None)
    return best[1] if best is not None and agreement(best) > 0 else []


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
