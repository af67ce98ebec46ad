"""수업: lessons on the left, the question, figures and an experiment of one's own in the middle, what to see on the right."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.lessons.asking import asker
from app.lessons.base import Bench, Lesson, Progress, Result
from app.lessons.running import compute, lessons
from app.ui.events import Visit, connect, on_leave
from app.ui.finetune import lesson_view as view
from app.ui.i18n import localize
from app.ui.markup import inline
from app.ui.page import Page
from app.ui.theme import panel, script
from models.errors import CourseMateError, InputError

Updates = dict[Any, Any]
_ONE = threading.Lock()  # two experiments at once would spoil each other's times


@dataclass(slots=True)
class Parts:
    """The section's panels. guesses: state, lesson -> guess; chosen: state, name of the lesson. stops: by session."""

    listed: Any
    head: Any
    form: Any
    live: Any
    notes: Any
    chosen: Any
    guesses: Any
    stops: dict[str, threading.Event] = field(default_factory=dict)


def build(page: Page) -> None:
    """Lay the section out and connect it."""
    import gradio as gr

    known = lessons()
    first = next(iter(known))
    with gr.Row(elem_id="cm-lessons", elem_classes="cm-grid cm-bench-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
            listed = panel("cm-lesson-list", script("lessons"), view.listing(page, known, first))
        with gr.Column(elem_classes="cm-col", min_width=0, elem_id="cm-lesson-middle"):
            head = panel("cm-lesson-head", script("lessons"), view.head(page, known[first], 0))
            form = panel("cm-lesson-form", script("lessons"), view.form(page, known[first]))
            live = panel("cm-lesson-live", script("lessons"))
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            notes = panel("cm-lesson-notes", "", view.notes(page, known[first]))
    parts = Parts(listed, head, form, live, notes, gr.State(first), gr.State({}))
    _connect(page, parts, known)
    on_leave(page, lambda session: stop(parts, session))


def stop(parts: Parts, session: str) -> None:
    """Ends what this page has running."""
    if event := parts.stops.get(session):
        event.set()


def _connect(page: Page, parts: Parts, known: dict[str, Lesson]) -> None:
    def choose(visit: Visit, guesses: dict[str, int]) -> Updates:
        lesson = _lesson(known, visit.words("lesson"))
        stop(parts, visit.session)
        return {
            parts.listed: view.listing(page, known, lesson.name),
            parts.head: view.head(page, lesson, guesses.get(lesson.name, 0)),
            parts.form: view.form(page, lesson),
            parts.live: "",
            parts.notes: view.notes(page, lesson),
            parts.chosen: lesson.name,
        }

    def guess(visit: Visit, chosen: str, guesses: dict[str, int]) -> Updates:
        said = min(max(visit.number("guess"), 1), max(view.GUESSES))
        return {parts.head: view.head(page, known[chosen], said), parts.guesses: {**guesses, chosen: said}}

    def run(visit: Visit) -> Iterator[Updates]:
        yield from _run(page, parts, _lesson(known, visit.words("lesson")), visit)

    shown = [parts.listed, parts.head, parts.form, parts.live, parts.notes, parts.chosen]
    connect(page, parts.listed.choose, choose, parts.guesses, shown)
    connect(page, parts.head.guess, guess, [parts.chosen, parts.guesses], [parts.head, parts.guesses])
    connect(page, parts.form.run, run, None, [parts.live, parts.form])
    connect(page, parts.live.stop, lambda visit: stop(parts, visit.session), queue=False)


def _lesson(known: dict[str, Lesson], name: str) -> Lesson:
    if name not in known:
        raise InputError(detail=f"there is no lesson {name!r}; choose one on the left", text_key="lessons.no_lesson")
    return known[name]


def _run(page: Page, parts: Parts, lesson: Lesson, visit: Visit) -> Iterator[Updates]:
    """Progress, then the result; a failure is said where the result would stand."""
    given = visit.data.get("values")
    if not _ONE.acquire(blocking=False):
        yield {parts.live: _failed(page.text("lessons.busy"))}
        return
    event = parts.stops[visit.session] = threading.Event()
    try:
        bench = Bench(page.context.home, stop=event, ask=None if lesson.apart else asker(page.context))
        yield {parts.live: view.live(page, lesson, Progress(0, 1), False), parts.form: view.form(page, lesson, True)}
        ended = _failed(page.text("lessons.stopped"))
        for now in compute(lesson, given if isinstance(given, dict) else {}, bench):
            if isinstance(now, Result):
                ended = f"<h4>{page.text('lessons.yours')}</h4>{view.result(page, lesson, now)}"
            else:
                yield {parts.live: view.live(page, lesson, now, event.is_set())}
    except CourseMateError as error:
        ended = _failed(localize(error, page.lang))
    finally:
        _ONE.release()
        if parts.stops.get(visit.session) is event:
            del parts.stops[visit.session]
    yield {parts.live: ended, parts.form: view.form(page, lesson)}


def _failed(words: str) -> str:
    return f'<p class="cm-said cm-bad" role="status">{inline(words)}</p>'
