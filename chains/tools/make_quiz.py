"""Makes a few questions about a document, each with the sentence that proves its answer (chains/study)."""

from __future__ import annotations

from pydantic import Field

from chains.study.bank import Bank
from chains.study.base import FALSE, TRUE, Item
from chains.study.maker import Order, make
from chains.tools.base import Arguments, Tool, ToolContext, ToolResult, passage
from chains.tools.documents import document_of, section_of
from models.types import Passage, Sentence

MOST = 8
ASKED = r"퀴즈|문제(를|\s*\d+\s*개를?|\s*몇\s*개)?\s*(내|만들|출제)|quiz"


class QuizArguments(Arguments):
    """See the tool."""

    document: str = Field(description="자료 이름", min_length=1, max_length=200)
    section: str = Field(default="", description="절 제목, 비우면 전체", max_length=200)
    count: int = Field(default=3, description="문제 수", ge=1, le=MOST)


def run(arguments: QuizArguments, context: ToolContext) -> ToolResult:
    """The questions with their answers. Raises InputError, also for a document that gives nothing to ask."""
    store, record = context.store, document_of(arguments.document, context)
    chunks = store.chunks_of(record.id)
    if arguments.section:
        chunks = section_of(arguments.section, chunks) or chunks
    everything = [chunk for document in context.documents() for chunk in store.chunks_of(document.id)]
    bank = Bank(everything, store.document_frequencies)
    study = make(bank, [chunks], Order("quiz", arguments.count), cancel=context.cancel)
    by_id = {chunk.id: chunk for chunk in chunks}
    passages: list[Passage] = []
    said: list[Sentence] = []
    for number, item in enumerate(study.items, 1):
        chunk = by_id.get(item.source.chunk_id)
        if chunk is not None:
            passages.append(passage(chunk, [item.source.quote]))
        numbers = (len(passages),) if chunk is not None else ()
        said.append(Sentence(_told(number, item), 1.0, numbers))
    return ToolResult("\n".join(sentence.text for sentence in said), tuple(passages), tuple(said))


def _told(number: int, item: Item) -> str:
    options = " / ".join(item.options)
    answer = {TRUE: "참", FALSE: "거짓"}.get(item.answer, item.answer)
    return f"{number}. {item.question}" + (f" ({options})" if options else "") + f" 정답: {answer}"


TOOL = Tool("make_quiz", "퀴즈를 내 달라고 하면 자료로 문제를 만든다.", QuizArguments, run, order=60, asked=ASKED)
