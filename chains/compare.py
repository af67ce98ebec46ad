"""One question to several contenders at once: backends, prompts and adapters side by side, on one frozen retrieval.

    comparison = Comparison(engine, [Contender("local"), Contender("openai", prompt="zero_shot")], AskOptions())
    for heard in comparison.stream("드롭아웃은 왜 쓰나요?"): ...     # Heard(-1, Sources(…)), Heard(1, Token(…)), …

All contenders see the same passages. They are packed once, with the budget that suits the smallest contender (the one whose
machine reads least in the time the speed allows), so that no answer is better because its model was shown more.

Contenders do not wait for each other: each backend works in a thread of its own, and one that fails says so while the others go
on. Contenders on the same local engine are the exception. They take turns in the order given, those that draw several answers
last: the cores are busy with one reader anyway (two prompts on two cores with the 0.5B: both done after 59 s in turn, the first
of them after 28 s; both after 62 s in two slots at once), alone each gives the answer and the times it would give without the others,
and its time counts from its own turn.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from chains.pack import Budget
from chains.prepare import Prepared
from chains.rag import AskOptions, RagEngine
from chains.templates import PromptTemplateText, find
from models.errors import CourseMateError, InputError
from models.types import Event, Turn

FEWEST, MOST = 2, 4
SHARED = -1


@dataclass(frozen=True, slots=True)
class Contender:
    """prompt: name of a shipped technique, "" for the usual prompt. template: one of the reader's own instead.

    adapter: LoRA adapter; "" is the model without one, whatever the settings say: what is named is what is compared.
    """

    backend: str
    prompt: str = ""
    template: PromptTemplateText | None = None
    adapter: str = ""

    @classmethod
    def parse(cls, text: str) -> Contender:
        """`BACKEND[:PROMPT][@ADAPTER]`, as typed on a command line."""
        name, _, adapter = text.partition("@")
        backend, _, prompt = name.partition(":")
        return cls(backend.strip(), prompt.strip(), adapter=adapter.strip())

    def label(self) -> str:
        """Backend, prompt and adapter, as `parse` reads them; an adapter by its file's stem."""
        prompt = self.template.name if self.template else self.prompt
        adapter = Path(self.adapter).name.removesuffix(".gguf")
        return self.backend + (f":{prompt}" if prompt else "") + (f"@{adapter}" if adapter else "")

    @property
    def asked_with(self) -> PromptTemplateText:
        """Raises InputError for a prompt that is none."""
        return self.template or find(self.prompt)

    @property
    def wanted(self) -> str | PromptTemplateText:
        """The prompt as it is named: "" leaves it to the adapter, which may have one of its own."""
        return self.template or self.prompt


@dataclass(frozen=True, slots=True)
class Heard:
    """Something of one contender (its index; -1: the Sources that all share): an event, or the error that ended it."""

    contender: int
    event: Event | None = None
    error: CourseMateError | None = None


class Comparison:
    """Raises InputError for fewer than two or more than four contenders, two alike, or a prompt that is none."""

    def __init__(self, engine: RagEngine, contenders: Sequence[Contender], options: AskOptions | None = None) -> None:
        _check(contenders)
        self.engine, self.contenders = engine, tuple(contenders)
        self._options = replace(options or AskOptions(), fallbacks=())

    def stream(self, question: str, history: Sequence[Turn] = ()) -> Iterator[Heard]:
        """The shared Sources, then what each contender says as it says it; the last of each is Done or its error.

        Closing the iterator stops all engines; so does the cancel of the options, after which every contender still
        ends with what it had. Raises what retrieval raises.
        """
        prepared = self.prepare(question, history)
        yield Heard(SHARED, prepared.sources())
        yield from self.answers(prepared)

    def prepare(self, question: str, history: Sequence[Turn] = ()) -> Prepared:
        """The frozen retrieval: packed for the contender that can read least."""
        budgets = [budget for i in range(len(self.contenders)) if (budget := self._budget(question, i)) is not None]
        smallest = min(budgets, key=lambda budget: budget.tokens, default=None)
        return self.engine.prepare(question, history, self._options, smallest)

    def answers(self, prepared: Prepared) -> Iterator[Heard]:
        """All contenders' events on one retrieval, in the order they happen."""
        stop, heard = _Stop(self._options.cancel), _Mailbox()
        for backend in {one.backend for one in self.contenders if one.adapter}:
            adapters = [one.adapter for one in self.contenders if one.backend == backend and one.adapter]
            self.engine.models.hold(backend, adapters)
        lanes = self._lanes()
        pool = ThreadPoolExecutor(len(lanes), "coursemate-contender")
        running = [pool.submit(self._run, lane, prepared, stop, heard) for lane in lanes]
        for future in running:
            future.add_done_callback(heard.ended)
        try:
            yield from heard.items(len(running))
        finally:
            stop.set()
            pool.shutdown(wait=False)
        for future in running:
            future.result()

    def _run(self, lane: Sequence[int], prepared: Prepared, stop: _Stop, heard: _Mailbox) -> None:
        """One engine's contenders, one after another; none is begun once nobody listens."""
        for i in lane:
            if stop.by_us:
                return
            try:
                for event in self.engine.answer(prepared, self._asked(i, stop)):
                    heard.put(Heard(i, event))
            except CourseMateError as error:
                heard.put(Heard(i, error=error))

    def _asked(self, i: int, cancel: threading.Event | None = None) -> AskOptions:
        one = self.contenders[i]
        return replace(self._options, backend=one.backend, prompt=one.wanted, adapter=one.adapter, cancel=cancel)

    def _budget(self, question: str, i: int) -> Budget | None:
        """None where the contender cannot even be asked; its turn will say why."""
        try:
            return self.engine.budget(question, self._asked(i))
        except CourseMateError:
            return None

    def _lanes(self) -> list[list[int]]:
        """Contenders that can answer at the same time, each with those that wait for it."""
        lanes: dict[object, list[int]] = {}
        for i in sorted(range(len(self.contenders)), key=lambda i: self.contenders[i].asked_with.samples):
            backend = self.contenders[i].backend
            lanes.setdefault(backend if self._here(backend) else i, []).append(i)
        return list(lanes.values())

    def _here(self, backend: str) -> bool:
        """Whether an engine of this machine answers for all contenders of the backend."""
        try:
            return self.engine.models.reading_rate(backend) is not None
        except CourseMateError:
            return False


class _Stop(threading.Event):
    """Set by ourselves, or by the reader's own event."""

    def __init__(self, other: threading.Event | None) -> None:
        super().__init__()
        self._other = other

    @property
    def by_us(self) -> bool:
        """Whether nobody listens any more."""
        return super().is_set()

    def is_set(self) -> bool:
        return super().is_set() or (self._other is not None and self._other.is_set())


class _Mailbox:
    """What comes from the threads, in the order it comes."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Heard | None] = queue.SimpleQueue()

    def put(self, heard: Heard) -> None:
        self._queue.put(heard)

    def ended(self, _: Future[None]) -> None:
        """A thread has ended, however."""
        self._queue.put(None)

    def items(self, threads: int) -> Iterator[Heard]:
        """Everything until so many threads have ended."""
        while threads:
            heard = self._queue.get()
            if heard is None:
                threads -= 1
            else:
                yield heard


def _check(contenders: Sequence[Contender]) -> None:
    if not FEWEST <= len(contenders) <= MOST:
        count = len(contenders)
        detail = f"{count} contenders were given; give {FEWEST} to {MOST}"
        raise InputError(detail=detail, text_key="contenders.count", count=count, fewest=FEWEST, most=MOST)
    for i, contender in enumerate(contenders):
        contender.asked_with  # noqa: B018  raises where the prompt is none
        if contender in contenders[:i]:
            label = contender.label()
            detail = f"The contender {label} is given twice; change its backend, prompt or adapter"
            raise InputError(detail=detail, text_key="contenders.twice", label=label)
