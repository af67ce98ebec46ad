"""학습: what to make and what is kept on the left, the set in the middle, the source of an item on the right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.commands.console import duration
from app.studies import Kept, Studies
from app.ui.events import Visit, connect
from app.ui.page import Page, Tab
from app.ui.study import form, view
from app.ui.study.making import Making
from app.ui.theme import panel, script
from models.errors import CourseMateError

Updates = dict[Any, Any]


@dataclass(slots=True)
class Parts:
    """The tab's panels. making: what is being made, by session."""

    studies: Studies
    form: Any = None
    said: Any = None
    kept: Any = None
    middle: Any = None
    right: Any = None
    making: dict[str, Making] = field(default_factory=dict)


def build(page: Page) -> None:
    """Lay the tab out and connect it."""
    import gradio as gr

    parts = Parts(Studies(page.context, page.context.home / "study"))
    with gr.Row(elem_id="cm-study", elem_classes="cm-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
            parts.form = panel("cm-study-form", script("study_form"))
            parts.said = panel("cm-study-said", script("study_form"))
            parts.kept = panel("cm-study-kept", script("study_form"))
        with gr.Column(elem_classes="cm-col", min_width=0):
            parts.middle = panel("cm-study-box", script("study"), view.nothing(page))
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            parts.right = panel("cm-study-source", "", view.source(page, None))
    _connect_making(page, parts)
    _connect_set(page, parts)


TAB = Tab("study", 35, build)


def _shown(page: Page, parts: Parts, visit: Visit, kept: Kept | None) -> Updates:
    """A set in the middle, marked in the list; None shows none."""
    middle = view.whole(page, kept) if kept else view.nothing(page)
    listed = form.kept(page, parts.studies.kept(visit.owner), kept.name if kept else "")
    return {parts.middle: middle, parts.kept: listed}


def _connect_making(page: Page, parts: Parts) -> None:
    """Making, stopping, and choosing among what is kept."""

    def make(visit: Visit) -> Iterator[Updates]:
        yield from _made(page, parts, visit)

    def stop(visit: Visit) -> None:
        if making := parts.making.get(visit.session):
            making.cancel.set()

    def choose(visit: Visit) -> Updates:
        kept = parts.studies.get(visit.owner, visit.words("set"))
        return _shown(page, parts, visit, kept) | {parts.right: view.source(page, None)}

    def delete(visit: Visit) -> Updates:
        parts.studies.delete(visit.owner, visit.words("set"))
        return _latest(page, parts, visit) | {parts.right: view.source(page, None)}

    def refreshed(visit: Visit) -> Updates:
        return _latest(page, parts, visit) | {parts.form: form.form(page)}

    shown = [parts.middle, parts.kept]
    connect(page, parts.form.make, make, None, [*shown, parts.said, parts.right])
    connect(page, parts.said.stop, stop, queue=False)
    connect(page, parts.kept.choose, choose, None, [*shown, parts.right])
    connect(page, parts.kept.remove, delete, None, [*shown, parts.right])
    connect(page, page.ready.change, refreshed, None, [*shown, parts.form])


def _latest(page: Page, parts: Parts, visit: Visit) -> Updates:
    """What was made last goes on after a reload."""
    return _shown(page, parts, visit, next(iter(parts.studies.kept(visit.owner)), None))


def _made(page: Page, parts: Parts, visit: Visit) -> Iterator[Updates]:
    running = parts.making.get(visit.session)
    if running:
        running.cancel.set()
    making = parts.making[visit.session] = Making(page, parts.studies, visit.owner, visit.data)
    note = _time(page, parts, visit)
    try:
        for now in making.run():
            yield {parts.said: form.progress(page, now.stage, now.done, now.total, note, making.cancel.is_set())}
    finally:
        if parts.making.get(visit.session) is making:
            del parts.making[visit.session]
    kept, error = making.now.kept, making.now.error
    if kept is None:
        yield {parts.said: form.ended(page, [error], {}, bad=True)}
        return
    study = kept.study
    said = [page.text("study.made", n=study.count)]
    said += [page.text("study.fewer", n=study.count, wanted=study.wanted)] if study.count < study.wanted else []
    said += [error] if error else [page.text("study.stopped")] if study.stopped else []
    ended = {parts.said: form.ended(page, said, study.dropped, bad=bool(error))}
    yield _shown(page, parts, visit, kept) | ended | {parts.right: view.source(page, None)}


def _time(page: Page, parts: Parts, visit: Visit) -> str:
    """How long a model will take, "" where none is asked or that is not known."""
    if not visit.words("backend") or visit.words("kind") != "quiz":
        return ""
    try:
        seconds = parts.studies.seconds(visit.words("backend"), visit.number("count"))
    except CourseMateError:
        return ""
    return page.text("study.takes", time=duration(seconds)) if seconds else ""


def _connect_set(page: Page, parts: Parts) -> None:
    """Answering, starting again, and looking at sources."""

    def answer(visit: Visit) -> Updates:
        kept = parts.studies.answer(visit.owner, visit.words("set"), visit.words("id"), visit.words("given"))
        citation = kept.study.sources().get(visit.words("id"))
        return _shown(page, parts, visit, kept) | {parts.right: view.source(page, citation)}

    def again(visit: Visit) -> Updates:
        kept = parts.studies.again(visit.owner, visit.words("set"))
        return _shown(page, parts, visit, kept) | {parts.right: view.source(page, None)}

    def look(visit: Visit) -> Updates:
        kept = parts.studies.get(visit.owner, visit.words("set"))
        return {parts.right: view.source(page, kept.study.sources().get(visit.words("id")))}

    shown = [parts.middle, parts.kept, parts.right]
    connect(page, parts.middle.answer, answer, None, shown)
    connect(page, parts.middle.again, again, None, shown)
    connect(page, parts.middle.source, look, None, parts.right)
