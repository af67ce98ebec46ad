"""Summarises a document or one of its sections, every sentence checked against its source (chains/summarize.py)."""

from __future__ import annotations

from pydantic import Field

from chains.summaries.base import Request, Summarised
from chains.summaries.reading import material_of
from chains.summaries.styles import find_style
from chains.summarize import Summarizer
from chains.tools.base import Arguments, Tool, ToolContext, ToolResult, passage
from chains.tools.documents import document_of, section_of
from models.errors import InputError
from models.types import Citation, Passage, Sentence

STYLE = "3줄"
BUDGET_S = 60.0  # of a local model; what is not read by then is told in the documents' own sentences

ASKED = r"요약|정리|줄여|간추|summar"


class SummarizeArguments(Arguments):
    """See the tool."""

    document: str = Field(description="자료 이름", min_length=1, max_length=200)
    section: str = Field(default="", description="절 제목, 비우면 전체", max_length=200)


def run(arguments: SummarizeArguments, context: ToolContext) -> ToolResult:
    """The summary's sentences with the passages they rest on. Raises InputError, and BackendError where nothing came."""
    record = document_of(arguments.document, context)
    chunks = context.store.chunks_of(record.id)
    if arguments.section:
        chunks = section_of(arguments.section, chunks) or chunks
    ask = context.options
    summarizer = Summarizer(context.preparer.retriever, context.engine.models)
    request = Request(material_of(chunks), find_style(STYLE), backend=ask.backend, budget_s=BUDGET_S)
    *_, last = summarizer.stream(summarizer.plan(request), context.cancel, ask.limits)
    if not isinstance(last, Summarised):
        raise RuntimeError("a summary's stream ended without Summarised")
    summary = last.summary
    sentences = tuple(sentence for part in summary.shown for sentence in part.sentences)
    if not sentences and summary.error is not None:
        raise summary.error
    if not sentences:
        detail = f"There is nothing to summarise in {record.source}; choose another document."
        raise InputError(detail=detail, text_key="agent.nothing_to_summarize", name=record.source)
    return _result(sentences, summary.citations, context)


def _result(sentences: tuple[Sentence, ...], citations: tuple[Citation, ...], context: ToolContext) -> ToolResult:
    chunks = {chunk.id: chunk for chunk in context.store.get([citation.chunk_id for citation in citations])}
    passages: list[Passage] = []
    places: dict[int, int] = {}
    for citation in citations:
        if citation.chunk_id in chunks:
            passages.append(passage(chunks[citation.chunk_id], [citation.quote]))
            places[citation.n] = len(passages)
    said = tuple(
        Sentence(
            s.text,
            s.support,
            tuple(places[n] for n in s.citations if n in places),
            s.unsupported,
            s.supported,
            s.quoted,
        )
        for s in sentences
    )
    return ToolResult("\n".join(sentence.text for sentence in said), tuple(passages), said)


TOOL = Tool(
    "summarize",
    "요약해 달라고 하면 자료나 절을 세 문장으로 줄인다.",
    SummarizeArguments,
    run,
    timeout_s=150.0,
    order=40,
    asked=ASKED,
)
