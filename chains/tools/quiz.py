"""Makes a few quiz questions from the documents, each with its answer and the sentence that proves it."""

from __future__ import annotations

from pydantic import Field

from chains.study.asking import asked
from chains.study.bank import Bank
from chains.study.base import TRUE, Item
from chains.study.maker import Order, make
from chains.tools.base import Arguments, Tool, ToolContext, ToolResult, passage
from chains.tools.documents import document_of, section_of
from models.types import Passage, Sentence

MOST = 10
ASKED = r"퀴즈|(연습|시험|확인)\s*문제|문제(를|\s)*\s*(내|만들|출제)|quiz|test me"


class QuizArguments(Arguments):
    """See the tool."""

    document: str = Field(description="자료 이름, 비우면 모든 자료", default="", max_length=200)
    section: str = Field(description="절 제목, 비우면 전체", default="", max_length=200)
    count: int = Field(description="문제 수", default=3, ge=1, le=MOST)


def run(arguments: QuizArguments, context: ToolContext) -> ToolResult:
    """A sentence a question, with its answer, and the passage that proves it. Raises InputError."""
    everything = [context.store.chunks_of(record.id) for record in context.documents()]
    chosen = [list(chunks) for chunks in everything]
    if arguments.document:
        chunks = context.store.chunks_of(document_of(arguments.document, context).id)
        chosen = [(section_of(arguments.section, chunks) if arguments.section else []) or list(chunks)]
    bank = Bank([chunk for chunks in everything for chunk in chunks], context.store.document_frequencies)
    study = make(bank, chosen, Order("quiz", arguments.count))
    known = {chunk.id: chunk for chunk in bank.chunks}
    passages: list[Passage] = [passage(known[item.source.chunk_id], [item.source.quote]) for item in study.items]
    said = tuple(Sentence(_told(n, item), 1.0, (n,), quoted=True) for n, item in enumerate(study.items, 1))
    return ToolResult("\n".join(sentence.text for sentence in said), tuple(passages), said)


def _told(number: int, item: Item) -> str:
    """The question with its options and its answer."""
    answer = ("O" if item.answer == TRUE else "X") if item.form == "truefalse" else item.answer
    options = " / ".join(f"({at}) {option}" for at, option in enumerate(item.options, 1))
    return f"문제 {number}. {asked(item)} {options} (정답: {answer})".replace("  ", " ")


TOOL = Tool(
    "quiz", "자료로 정답과 근거가 있는 퀴즈를 만든다.", QuizArguments, run, timeout_s=60.0, order=45, asked=ASKED
)
