"""Answers a question from the documents: retrieve, pack, ask a model, check every sentence, cite or refuse.

`RagEngine.stream` yields Sources, Token…, Done. The page, the command line and the API all read that one stream. Its two halves
can be had apart: one retrieval, answered by several backends or prompts (chains/compare.py).

    engine.stream("드롭아웃은 왜 쓰나요?")      # Sources(…), Token("드롭아웃은"), …, Done(Answer(…))
    prepared = engine.prepare("드롭아웃은 왜 쓰나요?")
    engine.answer(prepared, AskOptions(backend="openai", prompt="zero_shot"))      # Token("드롭아웃은"), …, Done(Answer(…))
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, BaseMessageChunk
from langchain_core.runnables import ConfigurableField, Runnable, RunnableLambda

from chains.budget import Speed, budget_for
from chains.calibration import Calibration, load
from chains.check import Checker
from chains.consistency import agreement
from chains.draft import ANSWERED_BY, Draft, chosen, final_part
from chains.manner import Manner
from chains.pack import Budget
from chains.prepare import Prepared, Preparer
from chains.prompts import safe
from chains.retrieve import CourseRetriever
from chains.streaming import StreamLimits, stream
from chains.templates import PromptTemplateText, find
from ingest.store import Scope
from models.errors import BackendError, MissingError
from models.types import Answer, Done, Event, Token, Turn, Usage

POOL: dict[str, int] = {"fast": 6, "normal": 10, "thorough": 14}
FALL_BACK_ON = (BackendError, MissingError)


class Models(Protocol):
    """The backends as the engine needs them; app/wiring.py supplies it."""

    def names(self) -> Sequence[str]:
        """Backends that can be asked for by name."""

    def model(self, backend: str, adapter: str | None = None, strength: float | None = None) -> BaseChatModel:
        """The chat model, built once. adapter: what it runs with, "" for none, None for the one that the settings name. strength: how
        much the adapter weighs, None for what the settings or the adapter say.

        Raises MissingError, WeightsError, BackendError, InputError for an adapter that is none or fits another model.
        """

    def manner(self, backend: str, adapter: str | None = None) -> Manner:
        """How the model with that adapter wants to be asked. Raises InputError for an adapter that is none."""

    def hold(self, backend: str, adapters: Sequence[str]) -> None:
        """Announces adapters that will be asked for, so that one loaded model can serve them where the backend is able to."""

    def model_name(self, backend: str) -> str:
        """What the backend runs, for the record."""

    def reading_rate(self, backend: str) -> float | None:
        """Prompt tokens this host reads in a second; None where someone else's machine does."""

    def warm(self, backend: str, messages: Sequence[BaseMessage], cancel: threading.Event) -> None:
        """Reads a prompt ahead where that can be done; returns at once where it cannot, or when `cancel` is set."""

    def cost_usd(self, backend: str, usage: Usage) -> float | None:
        """Price of an answer; 0 for a local one, None where it is not known."""


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How one question is to be answered. thread: names the conversation, so that its passages can be used again.

    tokens: packs exactly this budget, whatever the host's speed; for measurements that must repeat.
    pool: chunks whose sentences are weighed for it; None for what the speed says.
    fallbacks: backends that are asked, in turn, where the one before fails before its first token.
    prompt: a shipped technique by name ("" for the adapter's, else the usual prompt) or a template of one's own, see
    chains/templates.py. adapter: of the backend, by name or path; "" for none, None for what the settings say. strength: of
    the adapter, 0 to 1.5, where 0 is the model without it; None for what the settings or the adapter say."""

    backend: str = "local"
    speed: Speed = "normal"
    scope: Scope | None = None
    cancel: threading.Event | None = None
    thread: str = ""
    tokens: int | None = None
    fallbacks: tuple[str, ...] = ()
    limits: StreamLimits = field(default_factory=StreamLimits)
    prompt: str | PromptTemplateText = ""
    adapter: str | None = None
    strength: float | None = None
    pool: int | None = None

    @property
    def stopped(self) -> bool:
        """Whether the reader pressed stop."""
        return self.cancel is not None and self.cancel.is_set()


class RagEngine:
    """One engine serves many readers at once; all state about a conversation is in the arguments and `thread`."""

    def __init__(self, retriever: CourseRetriever, models: Models, calibration: Calibration | None = None) -> None:
        self.models, calibration = models, calibration or load()
        self._preparer = Preparer(retriever, calibration)
        self._checker = Checker(self._preparer, calibration)
        self._warming: threading.Event | None = None
        self._lock = threading.Lock()

    def ask(self, question: str, history: Sequence[Turn] = (), options: AskOptions | None = None) -> Answer:
        """The last event of `stream`."""
        *_, done = self.stream(question, history, options)
        if not isinstance(done, Done):
            raise RuntimeError("an answer's stream ended without Done")
        return done.answer

    def stream(self, question: str, history: Sequence[Turn] = (), options: AskOptions | None = None) -> Iterator[Event]:
        """Sources at once, tokens as they come, then the checked answer.

        Raises MissingError, WeightsError or BackendError; what streamed until then stays with the caller. InputError for
        a prompt that is none.
        """
        options, started = options or AskOptions(), time.perf_counter()
        self.template(options)
        prepared = self.prepare(question, history, options)
        yield prepared.sources()
        yield from self._answer(prepared, options, started)

    def prepare(
        self,
        question: str,
        history: Sequence[Turn] = (),
        options: AskOptions | None = None,
        budget: Budget | None = None,
    ) -> Prepared:
        """Retrieves and packs, without a model. budget: of the evidence; None for what the backend of the options can read."""
        self._stop_warming()
        return self._prepare(question, history, options or AskOptions(), budget)

    def answer(self, prepared: Prepared, options: AskOptions | None = None) -> Iterator[Token | Done]:
        """The second half of `stream`: tokens, then the checked answer, from evidence that is at hand.

        Times count as if the question had been asked alone: from its retrieval, then from this call. Raises what `stream` does.
        """
        yield from self._answer(prepared, options or AskOptions(), time.perf_counter() - prepared.retrieve_ms / 1e3)

    def template(self, options: AskOptions) -> PromptTemplateText:
        """The prompt of the options; where they name none, the one the adapter that answers was trained on, else the usual one.

        Raises InputError for a prompt or an adapter that is none.
        """
        return find(options.prompt or self.models.manner(options.backend, options.adapter).prompt)

    def _checker_for(self, options: AskOptions) -> Checker:
        own = self.models.manner(options.backend, options.adapter).calibration
        return self._checker if own is None else Checker(self._preparer, own)

    def budget(self, question: str, options: AskOptions) -> Budget:
        """Tokens of evidence for a question to the backend of the options."""
        return budget_for(question, options.speed, self.models.reading_rate(options.backend), options.tokens)

    def read_ahead(self, draft: str, history: Sequence[Turn] = (), options: AskOptions | None = None) -> None:
        """Reads the passages for a question that is still being typed; blocks until read, dropped or overtaken.

        A newer draft or a real question drops it. Call it from a thread of its own.
        """
        options, cancel = options or AskOptions(), threading.Event()
        with self._lock:
            if self._warming is not None:
                self._warming.set()
            self._warming = cancel
        prepared = self._prepare(draft, history, options)
        if cancel.is_set() or not prepared.passages:
            return
        shown = {"passages": prepared.passages, "history": (), "question": ""}
        self.models.warm(options.backend, self.template(options).messages(shown), cancel)

    def _stop_warming(self) -> None:
        with self._lock:
            if self._warming is not None:
                self._warming.set()
            self._warming = None

    def _prepare(
        self, question: str, history: Sequence[Turn], options: AskOptions, budget: Budget | None = None
    ) -> Prepared:
        return self._preparer.prepare(
            safe(question),
            history,
            budget or self.budget(question, options),
            scope=options.scope,
            thread=options.thread,
            pool=options.pool or POOL[options.speed],
        )

    def _answer(self, prepared: Prepared, options: AskOptions, started: float) -> Iterator[Token | Done]:
        template, draft, checker = self.template(options), Draft(), self._checker_for(options)
        if prepared.passages:
            draft = yield from self._draw(prepared, options, template)
            small = self.models.reading_rate(options.backend) is not None
            said = final_part(draft.text, template.final)
            answer = checker.check(prepared, said, small=small, stopped=draft.stopped)
        else:
            answer = checker.refusal(prepared, "no_documents")
        yield Done(self._recorded(answer, prepared, draft, options, started))

    def _draw(
        self, prepared: Prepared, options: AskOptions, template: PromptTemplateText
    ) -> Generator[Token, None, Draft]:
        """The template's draws, one after another, and of several the one that agrees most with the others."""
        drafts: list[Draft] = []
        while len(drafts) < template.samples and not (drafts and options.stopped):
            if drafts:
                yield Token("\n\n")
            drafts.append(draft := Draft())
            for piece in self._pieces(prepared, options, template, len(drafts) - 1):
                text = draft.add(piece)
                if text:
                    yield Token(text)
            draft.stopped = options.stopped
        if template.samples == 1:
            return drafts[0]
        whole = [draft for draft in drafts if not draft.stopped] or drafts
        said = [final_part(draft.text, template.final) for draft in whole]
        best, share = agreement(said, self._preparer.vectors)
        return chosen(drafts, drafts.index(whole[best]), share)

    def chain(
        self,
        backend: str,
        template: PromptTemplateText | None = None,
        adapter: str | None = None,
        draw: int = 0,
        strength: float | None = None,
    ) -> Runnable[Any, Any]:
        """prompt | model, switched by the configurable field `backend`; the others are built when first asked for.

        draw: number of the answer where several are drawn from one prompt; each has a seed of its own.
        """
        template = template or find("")
        others: dict[str, Any] = {n: partial(self.models.model, n) for n in self.models.names() if n != backend}
        answering = self.models.manner(backend, adapter).adapter or adapter
        named: dict[str, Any] = {"adapter": answering, "strength": strength}
        model = self.models.model(backend, **{key: value for key, value in named.items() if value is not None})
        switch = ConfigurableField("backend")
        switched = model.configurable_alternatives(switch, default_key=backend, **others)
        return template.chain() | switched.bind(**sampling(model, template, draw))

    def _answering(
        self, backend: str, options: AskOptions, template: PromptTemplateText, draw: int
    ) -> Runnable[Any, Any]:
        """The chain of one backend; its pieces say which one it is."""
        own = backend == options.backend
        adapter, strength = (options.adapter, options.strength) if own else (None, None)

        async def answer(value: dict[str, object]) -> AsyncIterator[BaseMessageChunk]:
            chain = await asyncio.to_thread(self.chain, backend, template, adapter, draw, strength)  # may load weights
            async for piece in chain.astream(value):
                piece.response_metadata[ANSWERED_BY] = backend
                yield piece

        return RunnableLambda(answer)

    def _pieces(
        self, prepared: Prepared, options: AskOptions, template: PromptTemplateText, draw: int
    ) -> Iterator[BaseMessageChunk]:
        """Pieces of one answer of the backend that was asked for, the fallbacks behind it, each built when it is needed."""
        names = (options.backend, *options.fallbacks)
        first, *rest = (self._answering(name, options, template, draw) for name in names)
        yield from stream(
            first.with_fallbacks(rest, exceptions_to_handle=FALL_BACK_ON) if rest else first,
            prepared.variables(),
            {},
            backend=options.backend,
            cancel=options.cancel,
            limits=options.limits,
        )

    def _recorded(
        self, answer: Answer, prepared: Prepared, draft: Draft, options: AskOptions, started: float
    ) -> Answer:
        ended = time.perf_counter()
        first = ended if draft.first is None else draft.first
        backend = draft.backend or options.backend
        own = backend == options.backend
        return replace(
            answer,
            backend=backend,
            model=self.models.model_name(backend),
            usage=replace(draft.usage, cost_usd=self.models.cost_usd(backend, draft.usage)),
            timings_ms={
                "retrieve": prepared.retrieve_ms,
                "total": (ended - started) * 1e3,
                "first_token": (first - started) * 1e3,
            },
            stopped=draft.stopped,
            standalone_question=prepared.standalone,
            prompt=self.template(options).name,
            adapter=Path(self.models.manner(backend, options.adapter if own else None).adapter).name,
            draft=draft.text,
            tokens_per_s=draft.tokens_per_s,
            agreement=draft.agreement,
        )


def sampling(model: BaseChatModel, template: PromptTemplateText, draw: int) -> dict[str, Any]:
    """What is sent beside the prompt: the template's temperature, where the model takes one, and another seed each draw."""
    settings: dict[str, Any] = {}
    seed: int | None = getattr(model, "seed", None)
    if template.temperature is not None and getattr(model, "temperature", None) is not None:
        settings["temperature"] = template.temperature
    if draw and seed is not None:
        settings["seed"] = seed + draw
    return settings
