"""One task from the page to its kept answer, as a stream of changes of the page. Knows no Gradio.

The task is kept first, its steps as they end; where the run breaks off, what was done stays and the task is back in the box.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from app.agents import AgentRecord, AgentThreads, KeptStep
from app.ui import evidence
from app.ui.agent import steps
from app.ui.asking import WAIT_S
from app.ui.context import Speed
from app.ui.edge import caught
from app.ui.i18n import localize
from app.ui.lacks import require
from app.ui.page import Page
from app.ui.sessions import Sessions
from models.types import Passage, Token

log = logging.getLogger(__name__)

REFRESH_S = 0.08


@dataclass(frozen=True, slots=True)
class Desk:
    """What the tab keeps: who is running something, and the conversations."""

    sessions: Sessions
    threads: AgentThreads


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done and under which circumstances. thread: id of the conversation, "" for a new one."""

    text: str
    session: str
    owner: str = ""
    thread: str = ""
    backend: str = "local"
    speed: Speed = "normal"


@dataclass(frozen=True, slots=True)
class Change:
    """What of the page changes; None leaves a part as it is. Texts are HTML, except box and current."""

    thread: str | None = None
    live: str | None = None
    evidence: str | None = None
    conversations: str | None = None
    current: str | None = None
    box: str | None = None
    busy: bool | None = None


@dataclass(slots=True)
class _Doing:
    """A task on its way. run: its id in the store."""

    task: Task
    cancel: threading.Event
    thread: str = ""
    run: int = 0
    record: AgentRecord = field(default_factory=AgentRecord)
    draft: str = ""
    shown_at: float = 0.0
    finished: bool = False


def perform(page: Page, desk: Desk, task: Task) -> Iterator[Change]:
    """Everything from the click on send to the kept answer; the last change has busy=False."""
    if not task.text.strip():
        return
    doing = _Doing(task, desk.sessions.begin(task.session))
    try:
        with caught(page) as failure:
            yield from _work(page, desk, doing)
    finally:
        note = failure.words
        doing.cancel.set()
        desk.sessions.end(task.session, doing.cancel)
        if note or not doing.finished:
            doing.record = replace(doing.record, note=note, stopped=not note, steps=_ended(doing.record.steps))
            if doing.run:
                desk.threads.keep(doing.run, doing.record)
    yield _over(page, desk, doing, note)


def _work(page: Page, desk: Desk, doing: _Doing) -> Iterator[Change]:
    from chains.agent import AgentOptions, checked

    task = doing.task
    checked(task.text, AgentOptions())
    require(page.context.backends(), task.backend, page.lang)  # told before anything is done
    doing.thread, doing.run = desk.threads.begin(task.owner, task.thread, task.text.strip())
    yield _begun(page, desk, doing)
    while not doing.cancel.is_set() and not page.context.wait_ready(WAIT_S):
        pass
    if doing.cancel.is_set():
        return
    ask = page.context.ask_options(backend=task.backend, speed=task.speed, cancel=doing.cancel)
    options = AgentOptions(ask=ask, thread=doing.thread)
    for event in page.context.agent().stream(task.text, options):
        change = _follow(page, desk, doing, event)
        if change is not None:
            yield change


def _follow(page: Page, desk: Desk, doing: _Doing, event: Any) -> Change | None:
    from chains.agent import Finished
    from chains.agent_loop import Step, StepStarted

    if isinstance(event, Token):
        doing.draft += event.text
        if time.monotonic() - doing.shown_at < REFRESH_S:
            return None
        doing.shown_at = time.monotonic()
        return Change(live=_live(page, doing))
    record = doing.record
    if isinstance(event, StepStarted):
        doing.draft = ""
        started = KeptStep(event.n, event.tool, event.arguments)
        doing.record = replace(record, steps=(*record.steps, started))
        return Change(live=_live(page, doing))
    if isinstance(event, Step):
        said = localize(event.error, page.lang) if event.error else event.result
        numbers = tuple(found.n for found in event.passages)
        ended = KeptStep(event.n, event.tool, event.arguments, said, event.ms, event.status, numbers)
        others = tuple(step for step in record.steps if step.n != event.n)
        found = {p.n: p for p in (*record.passages, *event.passages)}
        doing.record = replace(record, steps=(*others, ended), passages=tuple(found[n] for n in sorted(found)))
        desk.threads.keep(doing.run, doing.record)
        return Change(live=_live(page, doing), evidence=sources(page, doing.record, doing.run))
    if isinstance(event, Finished):
        note = (
            page.text("agent.broke_off", why=localize(event.error, page.lang), steps=len(event.steps))
            if event.error
            else ""
        )
        doing.finished, doing.record = (
            True,
            replace(
                record,
                steps=_ended(record.steps),
                answer=event.answer,
                passages=_used(event.passages, record),
                limit=event.limit,
                note=note,
                stopped=event.stopped,
            ),
        )
        desk.threads.keep(doing.run, doing.record)
    return None


def _ended(kept: tuple[KeptStep, ...]) -> tuple[KeptStep, ...]:
    """The steps, those that never ended marked as stopped."""
    return tuple(replace(step, status="stopped", ms=0.0) if step.ms is None else step for step in kept)


def _used(passages: tuple[Passage, ...], record: AgentRecord) -> tuple[Passage, ...]:
    """What this run found; of earlier ones only where nothing new was needed."""
    new = {n for step in record.steps for n in step.numbers}
    return tuple(found for found in passages if found.n in new) or passages


def _live(page: Page, doing: _Doing) -> str:
    return steps.working(doing.task.text, doing.record.steps, doing.draft, page.lang)


def _begun(page: Page, desk: Desk, doing: _Doing) -> Change:
    owner = doing.task.owner
    earlier = [run for run in desk.threads.runs(owner, doing.thread) if run.id != doing.run]
    return Change(
        thread=steps.thread(earlier, page.lang),
        live=_live(page, doing),
        evidence=sources(page, doing.record, doing.run),
        conversations=steps.conversation_list(desk.threads.all(owner), doing.thread, page.lang),
        current=doing.thread,
        box="",
        busy=True,
    )


def _over(page: Page, desk: Desk, doing: _Doing, note: str) -> Change:
    task, lang = doing.task, page.lang
    lost = doing.record.answer is None
    if not doing.run:  # refused before it began
        return Change(live=steps.run_html(task.text[:400], doing.record, lang), box=task.text, busy=False)
    return Change(
        thread=steps.thread(desk.threads.runs(task.owner, doing.thread), lang),
        live="",
        evidence=sources(page, doing.record, doing.run),
        conversations=steps.conversation_list(desk.threads.all(task.owner), doing.thread, lang),
        current=doing.thread,
        box=task.text if lost else None,
        busy=False,
    )


def sources(page: Page, record: AgentRecord, run: int, focus: int = 0) -> str:
    """The panel on the right for a task."""
    citations = record.answer.citations if record.answer else ()
    searched_ms = sum(step.ms or 0.0 for step in record.steps)
    return evidence.panel(evidence.Shown(record.passages, searched_ms, citations, run, focus), page.lang)
