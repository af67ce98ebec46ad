"""One summary on its way: the steps of a plan in order, each asked, streamed and checked; what is done stays whatever follows."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from langchain_core.messages import BaseMessage, BaseMessageChunk

from chains.draft import Draft
from chains.evidence import is_question
from chains.ground import Grounder
from chains.prompts import render_passages, safe
from chains.summaries.base import (
    Line,
    Note,
    Part,
    PartBegun,
    PartDone,
    PartToken,
    Plan,
    PlannedStep,
    SentenceChecked,
    Summarised,
    Summary,
    SummaryEvent,
)
from chains.summaries.checking import PartChecker, Sources, passages_of, quoted
from chains.summaries.fusing import Group, fused, grouped, passages_of_groups
from chains.summaries.prompts import FUSE, messages
from chains.summaries.selecting import defines, rank, spread
from chains.summaries.styles import audience_task
from models.errors import CourseMateError
from models.types import Citation, Locator, Passage, Sentence, Usage

GRACE = 1.15  # of the budget; later parts stand in the documents' own sentences

Ask = Callable[[Sequence[BaseMessage], int, threading.Event], Iterator[BaseMessageChunk]]


class Deadline(threading.Event):
    """Set once `cancel` is, or once the time `at` (time.perf_counter) has come."""

    def __init__(self, cancel: threading.Event, at: float) -> None:
        super().__init__()
        self._cancel, self._at = cancel, at

    def is_set(self) -> bool:
        return self._cancel.is_set() or time.perf_counter() > self._at


class Drafts(Protocol):
    """Where finished drafts are found again; chains.summaries.kept.KeptDrafts."""

    def get(self, model: str, messages: Sequence[BaseMessage]) -> str | None: ...
    def put(self, model: str, messages: Sequence[BaseMessage], draft: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Means:
    """What a run works with. ask: streams the pieces of an answer of at most so many tokens. count: tokens of a text by the model's
    own tokenizer, None where only estimates are to be had; context: tokens that fit."""

    model: str
    ask: Ask
    grounder: Callable[[Sequence[Passage]], Grounder]
    checker: Callable[[Sequence[Line], Sequence[Line], Grounder], PartChecker]
    drafts: Drafts
    context: int
    count: Callable[[str], int] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines that one step rests on, in reading order. ranked: the same, the most telling first."""

    lines: list[Line]
    ranked: list[Line]

    def shortened(self) -> Reading:
        """Without the eighth that tells least; one line stays."""
        ranked = self.ranked[: max(1, len(self.ranked) - max(1, len(self.ranked) // 8))]
        left = {id(line) for line in ranked}
        return Reading([line for line in self.lines if id(line) in left], ranked)


@dataclass(slots=True)
class Run:
    """See the module. Iterate `events` once."""

    plan: Plan
    means: Means
    cancel: threading.Event
    sources: Sources = field(default_factory=Sources)
    parts: list[Part] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    late: bool = False
    started: float = field(default_factory=time.perf_counter)
    saved_s: float = 0.0  # of the plan's seconds that kept drafts made needless

    def events(self) -> Iterator[SummaryEvent]:
        """Everything from the first part to Summarised, which comes whatever happens on the way."""
        error: CourseMateError | None = None
        for index in range(len(self.plan.steps)):
            if self.cancel.is_set():
                break
            try:
                yield from self._step(index)
            except CourseMateError as failure:
                error = failure
                break
        yield Summarised(self._summary(error))

    def _step(self, index: int) -> Iterator[SummaryEvent]:
        planned = self.plan.steps[index]
        begun = time.perf_counter()
        asked = planned.asked and not self._too_late()
        yield PartBegun(index, len(self.plan.steps), planned.step.title, planned.step.final, self.left_s(index))
        reading = self._evidence(planned)
        kept, draft, stopped = False, "", False
        if asked:
            reading, prompt = self._fitted(planned, reading)
            known = self.means.drafts.get(self.means.model, prompt)
            kept, draft = known is not None, known or ""
            if kept:
                self.saved_s += planned.seconds or 0.0
                yield PartToken(index, draft)
            else:
                made = yield from self._written(index, planned, prompt)
                draft, stopped = made.text, self.cancel.is_set()
        said: Sequence[Sentence] = ()
        if draft or not stopped:
            said = self._checked(planned, reading, draft) if asked else self._own(planned, reading)
        for sentence in said:
            yield SentenceChecked(index, sentence, tuple(self.sources.citation(n) for n in sentence.citations))
        part = Part(
            index,
            planned.step.title,
            tuple(said),
            _places(reading.lines),
            planned.step.final,
            asked,
            kept,
            "stopped" if stopped else "done",
            draft,
            time.perf_counter() - begun,
        )
        self.parts.append(part)
        yield PartDone(part)

    def _evidence(self, planned: PlannedStep) -> Reading:
        """What a step rests on: its own lines, and what its inputs cite."""
        material = self.plan.request.material
        cited = [
            self.sources.line(n)
            for i in planned.step.inputs
            for sentence in self.parts[i].sentences
            for n in sentence.citations
        ]
        own = [material.lines[i] for i in planned.lines]
        lines = list({(line.chunk.id, line.text): line for line in [*cited, *own]}.values())
        held = replace(material, lines=tuple(lines))
        order = rank(range(len(lines)), held, self.plan.request.style.prefer)
        return Reading(lines, [lines[i] for i in order])

    def _fitted(self, planned: PlannedStep, reading: Reading) -> tuple[Reading, list[BaseMessage]]:
        """The prompt, without the least telling lines where the model's own count says that it would not fit."""
        while True:
            prompt = messages(render_passages(self._passages(planned, reading)), self._task(planned, reading))
            count = self.means.count
            room = self.means.context - planned.write_tokens - 16 * len(prompt)
            if count is None or len(reading.lines) == 1:
                return reading, prompt
            if count("\n".join(message.text for message in prompt)) <= room:
                return reading, prompt
            reading = reading.shortened()

    def _groups(self, planned: PlannedStep, reading: Reading) -> list[Group]:
        """What each sentence of a small model's summary is made of; none where it writes freely."""
        read = {id(line) for line in reading.lines}
        seeds = [line for i in planned.seeds if id(line := self.plan.request.material.lines[i]) in read]
        return grouped(reading.lines, seeds) if seeds else []

    def _passages(self, planned: PlannedStep, reading: Reading) -> tuple[Passage, ...]:
        groups = self._groups(planned, reading)
        return passages_of_groups(groups) if groups else passages_of(reading.lines)

    def _task(self, planned: PlannedStep, reading: Reading) -> str:
        request = self.plan.request
        if groups := self._groups(planned, reading):
            return f"{FUSE.format(count=len(groups))} {safe(audience_task(request.audience))}".strip()
        whole = planned.sentences == request.style.sentences
        task = (request.style.task if whole else request.style.part_task).format(count=planned.sentences)
        return f"{task} {safe(audience_task(request.audience))}".strip()

    def _written(
        self, index: int, planned: PlannedStep, prompt: list[BaseMessage]
    ) -> Generator[SummaryEvent, None, Draft]:
        draft, ends = Draft(), Deadline(self.cancel, self._latest())
        for piece in self.means.ask(prompt, planned.write_tokens, ends):
            text = draft.add(piece)
            if text:
                yield PartToken(index, text)
        self.usages.append(draft.usage)
        self._too_late()
        if not ends.is_set():
            self.means.drafts.put(self.means.model, prompt, draft.text)
        return draft

    def _checked(self, planned: PlannedStep, reading: Reading, draft: str) -> list[Sentence]:
        groups = self._groups(planned, reading)
        grounder = self.means.grounder(self._passages(planned, reading))
        checker = self.means.checker(reading.lines, reading.ranked, grounder)
        if groups:
            return fused(draft, groups, grounder, checker.rule, self.sources)
        return checker.check(draft, planned.sentences, self.sources)

    def _own(self, planned: PlannedStep, reading: Reading) -> list[Sentence]:
        """The documents' own sentences for a step that no model is asked about, in reading order."""
        best = [line for line in reading.ranked if not is_question(line.text)] or reading.ranked
        if self.plan.request.style.prefer == "definition":
            best = [line for line in best if defines(line.text)] or best
        return quoted(sorted(spread(best, planned.sentences), key=reading.lines.index), self.sources)

    def left_s(self, index: int) -> float | None:
        """Seconds for this step and those after it: the plan's, stretched by how the steps so far have gone."""
        if self.plan.seconds is None:
            return None
        ahead = sum(step.seconds or 0.0 for step in self.plan.steps[index:])
        planned = sum(step.seconds or 0.0 for step in self.plan.steps[:index]) - self.saved_s
        if planned < 1.0:
            return ahead
        return ahead * min(3.0, max(0.3, (time.perf_counter() - self.started) / planned))

    def _latest(self) -> float:
        """When the time is up, by time.perf_counter; never where someone else's machine works."""
        return self.started + GRACE * self.plan.request.budget_s if self.plan.small else math.inf

    def _too_late(self) -> bool:
        over = time.perf_counter() > self._latest()
        self.late = self.late or over
        return over

    def _summary(self, error: CourseMateError | None) -> Summary:
        parts, citations = renumbered(self.parts, self.sources.citations())
        notes: tuple[Note, ...] = ("late",) if self.late else ()
        return Summary(
            plan=self.plan,
            parts=parts,
            citations=citations,
            backend=self.plan.request.backend,
            model=self.means.model,
            seconds=time.perf_counter() - self.started,
            share=self.plan.share,
            stopped=self.cancel.is_set(),
            error=error,
            notes=(*self.plan.notes, *notes),
            usage=Usage(_sum([u.prompt_tokens for u in self.usages]), _sum([u.completion_tokens for u in self.usages])),
        )


def renumbered(parts: Sequence[Part], citations: Sequence[Citation]) -> tuple[tuple[Part, ...], tuple[Citation, ...]]:
    """The same with sources numbered in the order in which a reader meets them: the final part first."""
    by_number = {citation.n: citation for citation in citations}
    order = sorted(parts, key=lambda part: not part.final)
    met = dict.fromkeys(n for part in order for sentence in part.sentences for n in sentence.citations)
    new = {n: i for i, n in enumerate(met, start=1)}
    changed = tuple(
        replace(
            part,
            sentences=tuple(replace(s, citations=tuple(new[n] for n in s.citations)) for s in part.sentences),
        )
        for part in parts
    )
    return changed, tuple(replace(by_number[n], n=new[n]) for n in met)


def _places(lines: Sequence[Line]) -> tuple[Locator, ...]:
    """Where the first and the last of the lines stand."""
    return (lines[0].place, lines[-1].place) if lines else ()


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
