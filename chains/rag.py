"""Answers a question from the documents: retrieve, pack, ask a model, check every sentence, cite or refuse.

`RagEngine.stream` yields Sources, Token…, Done. The page, the command line and the API all read that one stream.

    engine.stream("드롭아웃은 왜 쓰나요?")      # Sources(…), Token("드롭아웃은"), …, Done(Answer(…))
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, BaseMessageChunk
from langchain_core.runnables import ConfigurableField, Runnable, RunnableLambda

from chains.answerable import draft_features, is_refusal
from chains.calibration import Calibration, load
from chains.cite import citations_of, cite, normalise_marks
from chains.ground import MARK, Grounder, Support
from chains.pack import Budget, estimate_tokens
from chains.prepare import Prepared, Preparer
from chains.prompts import REFUSAL_KO, answer_messages, answer_prompt, render, safe
from chains.retrieve import CourseRetriever
from chains.streaming import StreamLimits, stream
from chains.units import sentences
from ingest.store import Scope
from models.errors import BackendError, MissingError
from models.types import Answer, Citation, Done, Event, RefusalReason, Sentence, Sources, Token, Turn, Usage

Speed = Literal["fast", "normal", "thorough"]
READING_S: dict[str, float] = {"fast": 1.4, "normal": 2.8, "thorough": 8.0}
REMOTE_TOKENS: dict[str, int] = {"fast": 1_000, "normal": 2_000, "thorough": 5_000}
POOL: dict[str, int] = {"fast": 6, "normal": 10, "thorough": 14}
QUESTION_TOKENS = 30
MOST_QUOTES = 3
ANSWERED_BY = "coursemate_backend"
FALL_BACK_ON = (BackendError, MissingError)
LEAST_TOKENS: dict[str, int] = {
    "fast": 120,
    "normal": 160,
    "thorough": 240,
}  # a slow host waits rather than reads too little
STEP_TOKENS, MOST_TOKENS = 40, 2_000  # steps, so that a jittering clock does not change an answer


class Models(Protocol):
    """The backends as the engine needs them; app/wiring.py supplies it."""

    def names(self) -> Sequence[str]:
        """Backends that can be asked for by name."""

    def model(self, backend: str) -> BaseChatModel:
        """The chat model, built once. Raises MissingError, WeightsError, BackendError."""

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
    fallbacks: backends that are asked, in turn, where the one before fails before its first token."""

    backend: str = "local"
    speed: Speed = "normal"
    scope: Scope | None = None
    cancel: threading.Event | None = None
    thread: str = ""
    tokens: int | None = None
    fallbacks: tuple[str, ...] = ()
    limits: StreamLimits = field(default_factory=StreamLimits)


@dataclass(slots=True)
class _Draft:
    """What came from the model so far. first_ms: until the first piece, from the question's arrival."""

    text: str = ""
    usage: Usage = field(default_factory=Usage)
    first_ms: float | None = None
    stopped: bool = False
    backend: str = ""

    def add(self, piece: BaseMessageChunk, since: float) -> str:
        text = piece.text
        if text and self.first_ms is None:
            self.first_ms = (time.perf_counter() - since) * 1e3
        self.text += text
        self.backend = piece.response_metadata.get(ANSWERED_BY, self.backend)
        counted: dict[str, Any] | None = getattr(piece, "usage_metadata", None)
        if counted:
            self.usage = Usage(counted.get("input_tokens"), counted.get("output_tokens"))
        return text


class RagEngine:
    """One engine serves many readers at once; all state about a conversation is in the arguments and `thread`."""

    def __init__(self, retriever: CourseRetriever, models: Models, calibration: Calibration | None = None) -> None:
        self._models, self._calibration = models, calibration or load()
        self._preparer = Preparer(retriever, self._calibration)
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

        Raises MissingError, WeightsError or BackendError; what streamed until then stays with the caller.
        """
        options, started = options or AskOptions(), time.perf_counter()
        self._stop_warming()
        prepared = self.prepare(question, history, options)
        yield Sources(prepared.passages, prepared.retrieve_ms, prepared.standalone)
        draft = _Draft()
        if prepared.passages:
            for piece in self._pieces(prepared, options):
                text = draft.add(piece, started)
                if text:
                    yield Token(text)
            draft.stopped = options.cancel is not None and options.cancel.is_set()
            small = self._models.reading_rate(options.backend) is not None
            answer = self._check(prepared, draft, small)
        else:
            answer = self._refusal(prepared, "no_documents")
        yield Done(self._recorded(answer, prepared, draft, options, started))

    def prepare(self, question: str, history: Sequence[Turn] = (), options: AskOptions | None = None) -> Prepared:
        """Retrieves and packs, without a model."""
        options = options or AskOptions()
        return self._preparer.prepare(
            safe(question),
            history,
            self._budget(question, options),
            scope=options.scope,
            thread=options.thread,
            pool=POOL[options.speed],
        )

    def read_ahead(self, draft: str, history: Sequence[Turn] = (), options: AskOptions | None = None) -> None:
        """Reads the passages for a question that is still being typed; blocks until read, dropped or overtaken.

        A newer draft or a real question drops it. Call it from a thread of its own.
        """
        options, cancel = options or AskOptions(), threading.Event()
        with self._lock:
            if self._warming is not None:
                self._warming.set()
            self._warming = cancel
        prepared = self.prepare(draft, history, options)
        if cancel.is_set() or not prepared.passages:
            return
        shown = {"passages": prepared.passages, "history": (), "question": ""}
        messages = answer_messages(shown)
        self._models.warm(options.backend, messages, cancel)

    def _stop_warming(self) -> None:
        with self._lock:
            if self._warming is not None:
                self._warming.set()
            self._warming = None

    def _budget(self, question: str, options: AskOptions) -> Budget:
        passages = 6 if options.speed == "thorough" else 3
        if options.tokens is not None:
            return Budget(options.tokens, passages)
        rate = self._models.reading_rate(options.backend)
        if rate is None:
            return Budget(REMOTE_TOKENS[options.speed], passages=8)
        tokens = rate * READING_S[options.speed] - QUESTION_TOKENS - estimate_tokens(question)
        least = LEAST_TOKENS[options.speed]
        steps = round((min(max(tokens, least), MOST_TOKENS) - least) / STEP_TOKENS)
        return Budget(least + STEP_TOKENS * steps, passages)

    def chain(self, backend: str) -> Runnable[Any, Any]:
        """prompt | model, switched by the configurable field `backend`; the others are built when first asked for."""
        others: dict[str, Any] = {n: partial(self._models.model, n) for n in self._models.names() if n != backend}
        switch = ConfigurableField("backend")
        model = self._models.model(backend).configurable_alternatives(switch, default_key=backend, **others)
        return render | answer_prompt() | model

    def _chain_for(self, options: AskOptions) -> Runnable[Any, Any]:
        """The chain of the backend that was asked for, with the fallbacks behind it, each built when it is needed."""
        first, *rest = (self._answering(name) for name in (options.backend, *options.fallbacks))
        return first.with_fallbacks(rest, exceptions_to_handle=FALL_BACK_ON) if rest else first

    def _answering(self, backend: str) -> Runnable[Any, Any]:
        """The chain of one backend; its pieces say which one it is."""

        async def answer(value: dict[str, object]) -> AsyncIterator[BaseMessageChunk]:
            async for piece in self.chain(backend).astream(value):
                piece.response_metadata[ANSWERED_BY] = backend
                yield piece

        return RunnableLambda(answer)

    def _pieces(self, prepared: Prepared, options: AskOptions) -> Iterator[BaseMessageChunk]:
        yield from stream(
            self._chain_for(options),
            prepared.variables(),
            {},
            backend=options.backend,
            cancel=options.cancel,
            limits=options.limits,
        )

    def _check(self, prepared: Prepared, draft: _Draft, small: bool) -> Answer:
        grounder = Grounder(prepared.passages, self._preparer.vectors, self._preparer.idf, self._calibration.support)
        parts = claims_of(draft.text, prepared)
        supports = [grounder.check(part, prepared.standalone) for part in parts]
        features = draft_features(draft.text, supports, prepared.standalone, grounder)
        answerable = self._calibration.answerable
        if not draft.stopped and answerable.probability(features) < answerable.threshold:
            return self._refusal(prepared, "model_refused" if is_refusal(draft.text) else "unsupported")
        faithful = features["support"] >= self._calibration.citation.faithful
        broken = features["unsupported"] or features["number_elsewhere"] or is_fragment(parts[0])
        if is_refusal(draft.text) or (small and not draft.stopped and (not faithful or broken)):
            return self._quoted(prepared, grounder, supports)
        return self._cited(prepared, parts, supports)

    def _cited(self, prepared: Prepared, parts: Sequence[str], supports: Sequence[Support]) -> Answer:
        rule = self._calibration.citation
        checked = [cite(part, s, prepared.passages, rule) for part, s in zip(parts, supports, strict=True)]
        return Answer(prepared.question, tuple(checked), citations_of(checked, supports, prepared.passages))

    def _quoted(self, prepared: Prepared, grounder: Grounder, supports: Sequence[Support]) -> Answer:
        """The documents' own sentences where the model's words do not hold: those it leant on, and the best evidence."""
        least = self._calibration.citation.support
        held = [
            support for i, support in enumerate(supports) if support.by_passage and (i == 0 or support.score >= least)
        ]
        leant = [support.quotes[max(support.by_passage, key=support.by_passage.__getitem__)] for support in held]
        quotes = list(dict.fromkeys([*leant[:MOST_QUOTES], best_sentence(prepared)]))
        answer = self._cited(prepared, quotes, [grounder.check(q, prepared.standalone) for q in quotes])
        return replace(answer, sentences=tuple(replace(s, quoted=True) for s in answer.sentences))

    def _refusal(self, prepared: Prepared, reason: RefusalReason) -> Answer:
        nearest = _citation_of(prepared) if prepared.passages else None
        sentence = Sentence(REFUSAL_KO, 0.0)
        return Answer(prepared.question, (sentence,), refused=True, reason=reason, nearest=nearest)

    def _recorded(
        self, answer: Answer, prepared: Prepared, draft: _Draft, options: AskOptions, started: float
    ) -> Answer:
        timings = {"retrieve": prepared.retrieve_ms, "total": (time.perf_counter() - started) * 1e3}
        timings["first_token"] = timings["total"] if draft.first_ms is None else draft.first_ms
        backend = draft.backend or options.backend
        return replace(
            answer,
            backend=backend,
            model=self._models.model_name(backend),
            usage=replace(draft.usage, cost_usd=self._models.cost_usd(backend, draft.usage)),
            timings_ms=timings,
            stopped=draft.stopped,
            standalone_question=prepared.standalone,
        )


def parts_of(draft: str) -> list[str]:
    """The sentences of a model's draft, their marks in one form and with the sentence they follow."""
    parts: list[str] = []
    for part in sentences(normalise_marks(draft)):
        if parts and not MARK.sub("", part).strip(" .\n"):
            parts[-1] += " " + part
        else:
            parts.append(part)
    return parts


def best_sentence(prepared: Prepared) -> str:
    """The sentence most likely to hold the answer."""
    best = prepared.passages[0]
    return best.sentences[best.best]


def claims_of(draft: str, prepared: Prepared) -> list[str]:
    """What an answer made from this draft would claim: its sentences, or the best evidence where the model refused."""
    return [best_sentence(prepared)] if is_refusal(draft) else parts_of(draft)


def is_fragment(sentence: str) -> bool:
    """Whether a sentence is too little to stand alone: a bare number, a name, no verb."""
    plain = MARK.sub("", sentence).strip()
    return len(plain) < 16 or re.search(r"[다요죠음함임][.!?]*$", plain) is None


def _citation_of(prepared: Prepared) -> Citation:
    best = prepared.passages[0]
    return Citation(best.n, best.chunk.source, best.chunk.locator, best_sentence(prepared), best.chunk.id)
