"""Summarises documents of any length, every sentence checked against its source and linked to it.

    summarizer = Summarizer(retriever, models)
    plan = summarizer.plan(Request(material_of(read_file(Path("notes.pdf"), Limits())), find_style("3줄")))
    plan.seconds, plan.share            # 41.5, 1.0: shown before anything starts
    for event in summarizer.stream(plan):       # PartBegun, PartToken…, SentenceChecked…, PartDone, …, Summarised

The strategy (chains/summaries/<name>.py) is chosen by length and can be chosen by hand. A stop, a backend that dies or a time
that is up end a summary early, never empty-handed: `Summarised` holds what was done, and the same plan goes on from there,
because finished drafts are kept.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import BaseMessage, BaseMessageChunk
from langchain_core.runnables import Runnable

from chains.calibration import Calibration, load
from chains.ground import Grounder, SupportWeights
from chains.prepare import Preparer
from chains.rag import Models
from chains.retrieve import CourseRetriever
from chains.streaming import StreamLimits, stream
from chains.summaries.base import Line, Plan, Request, Summarised, Summary, SummaryEvent
from chains.summaries.checking import PartChecker
from chains.summaries.planning import Reach
from chains.summaries.planning import plan as make_plan
from chains.summaries.running import GRACE, Drafts, Means, Run
from chains.summaries.styles import audience_task
from models.types import Passage, Usage

LARGE_CONTEXTS = {"openai": 32_000, "gemini": 32_000}  # tokens of one call; more costs more than it brings
USUAL_CONTEXT = 4_096  # of a server that does not say
WRITING_SHARE = 1 / 3  # of the reading rate, before the first answer has shown the writing rate
ACROSS = SupportWeights(words=0.2, floor=0.80, ceiling=0.92)  # a Korean sentence and its source in another language
LENGTH_FIELDS = ("max_tokens", "max_output_tokens")


class NoDrafts:
    """Keeps nothing."""

    def get(self, model: str, messages: Sequence[BaseMessage]) -> str | None:
        return None

    def put(self, model: str, messages: Sequence[BaseMessage], draft: str) -> None:
        return None


class Summarizer:
    """Thread-safe; one serves all readers. drafts: where finished parts are kept; None keeps nothing."""

    def __init__(
        self,
        retriever: CourseRetriever,
        models: Models,
        calibration: Calibration | None = None,
        drafts: Drafts | None = None,
    ) -> None:
        self.models, self._calibration = models, calibration or load()
        self._preparer, self._drafts = Preparer(retriever, self._calibration), drafts or NoDrafts()

    def plan(self, request: Request) -> Plan:
        """What it will take; asks no model and loads none. Raises InputError."""
        audience_task(request.audience)
        made = make_plan(request, self.reach(request.backend))
        cost = self.models.cost_usd(request.backend, Usage(made.read_tokens, made.write_tokens))
        return replace(made, cost_usd=cost)

    def stream(
        self, plan: Plan, cancel: threading.Event | None = None, limits: StreamLimits | None = None
    ) -> Iterator[SummaryEvent]:
        """The summary as it comes about; always ends with Summarised, whose `error` says what broke it off."""
        cancel = cancel or threading.Event()
        yield from Run(plan, self._means(plan, limits or StreamLimits()), cancel).events()

    def summarise(self, plan: Plan) -> Summary:
        """The last event of `stream`."""
        *_, last = self.stream(plan)
        if not isinstance(last, Summarised):
            raise RuntimeError("a summary's stream ended without Summarised")
        return last.summary

    def reach(self, backend: str) -> Reach:
        """What the backend can read, in one call and in a second."""
        reading = self.models.reading_rate(backend)
        if reading is None:
            return Reach(LARGE_CONTEXTS.get(backend, USUAL_CONTEXT))
        engine = _engine(self.models, backend)
        writing = getattr(engine, "writing_rate", None) or reading * WRITING_SHARE
        spec = getattr(engine, "spec", None)
        return Reach(getattr(spec, "context_tokens", USUAL_CONTEXT), reading, writing)

    def _means(self, plan: Plan, limits: StreamLimits) -> Means:
        backend, small = plan.request.backend, plan.small
        first_s = (
            GRACE * plan.request.budget_s + 1.0 if small else 0.0
        )  # a local model ends with its budget, not before
        waits = StreamLimits(max(limits.first_s, first_s), max(limits.between_s, first_s))
        weights = self._calibration.support if plan.request.material.korean or small else ACROSS

        def ask(prompt: Sequence[BaseMessage], tokens: int, ends: threading.Event) -> Iterator[BaseMessageChunk]:
            model = _limited(self.models.model(backend), tokens)
            return stream(model, list(prompt), {}, backend=backend, cancel=ends, limits=waits)

        def grounder(passages: Sequence[Passage]) -> Grounder:
            return Grounder(passages, self._preparer.vectors, self._preparer.idf, weights)

        def checker(lines: Sequence[Line], ranked: Sequence[Line], over: Grounder) -> PartChecker:
            return PartChecker(lines, ranked, over, self._calibration.citation, small)

        reach, asked = self.reach(backend), any(step.asked for step in plan.steps)
        count = getattr(_engine(self.models, backend), "count_tokens", None) if asked and small else None
        return Means(self.models.model_name(backend), ask, grounder, checker, self._drafts, reach.context, count)


def _engine(models: Models, backend: str) -> Any:
    """The engine behind a local model; None where there is none. Fetches and starts nothing."""
    find = getattr(models, "engine_of", None)
    return find(backend) if find is not None else None


def _limited(model: Any, tokens: int) -> Runnable[Any, Any]:
    """The model writing at most so many tokens, where it takes a limit with a call."""
    known = next((name for name in LENGTH_FIELDS if name in type(model).model_fields), None)
    bound: Runnable[Any, Any] = model.bind(**{known: tokens}) if known else model
    return bound
