"""Opens a section of a document, to read it as it stands."""

from __future__ import annotations

from pydantic import Field

from chains.pack import estimate_tokens
from chains.tools.base import Arguments, Tool, ToolContext, ToolResult, passage, worked_out
from chains.tools.documents import document_of, section_of, sections_of
from chains.tools.fence import told
from chains.units import cut
from models.errors import InputError
from models.types import Chunk, Passage, Sentence

MOST_HEADINGS = 40

ASKED = r"(?<![가-힣])절(을|에|은|의|이|에는)?(?![가-힣])|펼쳐|펼친|열어|목차|\bsection\b|\bopen\b"


class OpenArguments(Arguments):
    """See the tool."""

    document: str = Field(description="자료 이름", min_length=1, max_length=200)
    section: str = Field(default="", description="절 제목, 비우면 차례", max_length=200)


def run(arguments: OpenArguments, context: ToolContext) -> ToolResult:
    """The section's sentences up to what the backend can read; the headings where none is named.

    Raises InputError for a document or a section that is not there, with what is.
    """
    record = document_of(arguments.document, context)
    chunks = context.store.chunks_of(record.id)
    headings = list(dict.fromkeys(" › ".join(path) for path, _ in sections_of(chunks) if path))
    if not arguments.section:
        lines = (f"- {heading}" for heading in headings[:MOST_HEADINGS])
        return worked_out(f"{record.source} 차례", *(lines if headings else ("-",)))
    found = section_of(arguments.section, chunks)
    if not found:
        known = ", ".join(headings[:MOST_HEADINGS]) or "none"
        detail = f"{record.source} has no section {arguments.section[:80]!r}; its sections are {known}."
        raise InputError(detail=detail, text_key="agent.no_section", name=arguments.section[:80], near=known)
    passages = _read(found, context.engine.budget(arguments.section, context.options).tokens * 2)
    said = (Sentence(text, 1.0, (n,), quoted=True) for n, one in enumerate(passages, 1) for text in one.sentences)
    return ToolResult(passages=passages, said=tuple(said))


def _read(chunks: list[Chunk], tokens: int) -> tuple[Passage, ...]:
    passages: list[Passage] = []
    left = tokens
    for chunk in chunks:
        kept: list[str] = []
        for unit in cut(chunk.text):
            left -= estimate_tokens(unit.text)
            if left < 0 and (kept or passages):
                break
            if unit.kind != "heading" and told(unit.text):
                kept.append(unit.text)
        if kept:
            passages.append(passage(chunk, kept))
        if left < 0:
            break
    return tuple(passages)


TOOL = Tool("open_section", "파일과 절 제목을 말하면 그 절을 펼친다.", OpenArguments, run, order=20, asked=ASKED)
