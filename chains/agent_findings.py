"""What a conversation's tools have found: passages under one numbering, and the checked answer that rests on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import AnyMessage, ToolMessage

from chains.answerable import is_refusal
from chains.check import Checker
from chains.draft import parts_of
from chains.prepare import Prepared
from chains.tools.base import COMPUTED, ToolResult, computed, is_computed
from chains.tools.fence import fenced, told, without_orders
from ingest.store import ChunkStore
from models.types import Answer, Citation, Passage, Sentence

MOST_PASSAGES = 30  # of a conversation; the oldest go


class Findings:
    """Numbers passages from 1 in the order they are found; the same passage keeps its number."""

    def __init__(self, earlier: Sequence[Passage] = ()) -> None:
        self._kept = list(earlier)
        self.told: tuple[Sentence, ...] = ()  # of this run: what tools say that need no model to say it again
        self.read: Answer | None = None  # of this run: the checked answer that a calculation took its number from

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Everything found, in the order of its numbers."""
        return tuple(self._kept)

    def add(self, result: ToolResult) -> tuple[Passage, ...]:
        """The result's passages with their numbers; orders to a model are left out."""
        numbers: dict[int, int] = {}
        numbered = []
        for place, found in enumerate(result.passages, 1):
            for kept in without_orders([found]):
                numbered.append(self._numbered(kept))
                numbers[place] = numbered[-1].n
        said = (
            replace(s, citations=tuple(numbers[n] for n in s.citations if n in numbers))
            for s in result.said
            if told(s.text)
        )
        self.told += tuple(sentence for sentence in said if sentence not in self.told)
        return tuple(numbered)

    def _numbered(self, found: Passage) -> Passage:
        same = (known for known in self._kept if (known.chunk.id, known.text) == (found.chunk.id, found.text))
        known = next(same, None)
        if known is not None:
            return known
        numbered = replace(found, n=1 + max((kept.n for kept in self._kept), default=0))
        self._kept = [*self._kept, numbered][-MOST_PASSAGES:]
        return numbered


def rendered(result: ToolResult, passages: Sequence[Passage]) -> str:
    """What the model reads of a result: its own words, then each passage behind its number and its place."""
    blocks = [f"[{found.n}] {_place(found)}\n{found.text}" for found in passages]
    return fenced("\n\n".join([*([result.text] if result.text else []), *blocks]) or "-")


def _place(found: Passage) -> str:
    return " · ".join([found.chunk.source, *found.chunk.locator.headings[-1:]])


def artifact(passages: Sequence[Passage]) -> dict[str, Any]:
    """The passages as plain values, for the conversation's memory; documents are kept by the ids of their chunks."""
    kept = [
        {
            "n": found.n,
            "chunk": found.chunk.id,
            "source": found.chunk.source,
            "sentences": list(found.sentences),
            "best": found.best,
            "score": found.score,
        }
        for found in passages
    ]
    return {"passages": kept}


def remembered(messages: Iterable[AnyMessage], store: ChunkStore) -> list[Passage]:
    """Passages of earlier turns; those whose document is no longer there are gone."""
    kept: dict[int, Mapping[str, Any]] = {}
    for message in messages:
        if isinstance(message, ToolMessage) and isinstance(message.artifact, Mapping):
            kept |= {row["n"]: row for row in message.artifact.get("passages", ())}
    rows = [kept[n] for n in sorted(kept)][-MOST_PASSAGES:]
    chunks = {chunk.id: chunk for chunk in store.get([row["chunk"] for row in rows])}
    found = []
    for row in rows:
        sentences = tuple(row["sentences"])
        if row["chunk"].startswith(COMPUTED):
            found.append(replace(computed(row["source"], *sentences), n=row["n"]))
        elif row["chunk"] in chunks:
            text = " ".join(sentences)
            found.append(Passage(row["n"], chunks[row["chunk"]], text, sentences, row["best"], row["score"]))
    return found


def grounded(
    question: str, draft: str, findings: Findings, checker: Checker, *, small: bool, stopped: bool = False
) -> Answer:
    """The checked answer of a run: sentences with the passages they rest on, or a refusal.

    What a tool worked out itself stands in its own words, before what a small model makes of it.
    """
    ranked = tuple(sorted(findings.passages, key=lambda found: (-found.score, found.n)))
    prepared = Prepared(question, question, (), ranked, 0.0)
    if not ranked:
        return checker.refusal(prepared, "no_documents" if not draft else "unsupported")
    if findings.told and (small or not draft.strip()):
        return _told(question, draft, findings, checker)
    if not stopped or draft.strip():
        return checker.check(prepared, draft, small=small, stopped=stopped)
    return Answer(question, (), stopped=True)


def read_answer(question: str, draft: str, findings: Findings, checker: Checker) -> Answer:
    """The checked answer of a small model to a question, from the documents found alone."""
    found = sorted(findings.passages, key=lambda one: (-one.score, one.n))
    documents = tuple(one for one in found if not is_computed(one))
    prepared = Prepared(question, question, (), documents, 0.0)
    if not documents or not parts_of(draft):
        return checker.refusal(prepared, "unsupported")
    return checker.check(prepared, draft, small=True)


def _told(question: str, draft: str, findings: Findings, checker: Checker) -> Answer:
    """What the documents say to it, if the model leant on them, and what the tools worked out."""
    said: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    read = findings.read
    if read is None and draft and not is_refusal(draft):
        read = read_answer(question, draft, findings, checker)
    if read is not None and not read.refused:
        said, citations = read.sentences, read.citations
    by_number = {found.n: found for found in findings.passages}
    known = {citation.n for citation in citations}
    told = (n for sentence in findings.told for n in sentence.citations)
    cited = dict.fromkeys(n for n in told if n in by_number and n not in known)
    for found in (by_number[n] for n in cited):
        quote = found.text if is_computed(found) else found.sentences[found.best]
        citations += (Citation(found.n, found.chunk.source, found.chunk.locator, quote, found.chunk.id),)
    return Answer(question, said + findings.told, citations)
