"""비교: an adapter and a question set on the left, every metric before and after in the middle, how to read them right."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.questionsets import QuestionSets
from app.ui.compare import sets
from app.ui.events import Visit, connect
from app.ui.finetune import compare_view as view
from app.ui.finetune.adapters import bench
from app.ui.finetune.shared import Shared
from app.ui.making import Watched
from app.ui.page import Page
from app.ui.theme import panel, script
from models.errors import InputError

Updates = dict[Any, Any]
_ONE = threading.Lock()


@dataclass(frozen=True, slots=True)
class Now:
    """How far an evaluation is. what: it does, share: of that; ended: it is over; error: why it ended early, for a person."""

    what: str = ""
    share: float = 0.0
    ended: bool = False
    error: str = ""


@dataclass(slots=True)
class Parts:
    """The section's panels. chosen: state, name of the adapter."""

    form: Any
    said: Any
    middle: Any
    chosen: Any
    making: dict[str, Watched[Now]] = field(default_factory=dict)


def build(page: Page, shared: Shared) -> None:
    """Lay the section out and connect it."""
    import gradio as gr

    with gr.Row(elem_id="cm-bench-compare", elem_classes="cm-grid cm-bench-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
            form = panel("cm-compare-form", script("bench"))
            said = panel("cm-compare-said", script("bench"))
        with gr.Column(elem_classes="cm-col", min_width=0):
            middle = panel("cm-compare-box", script("bench"), view.nothing(page))
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            panel("cm-compare-notes", "", view.notes(page))
    parts = Parts(form, said, middle, gr.State(""))
    _connect(page, shared, parts)


def _shown(page: Page, parts: Parts, name: str) -> Updates:
    """The scores of an adapter; of the first one where there is none of that name."""
    found = bench(page).registry.all()
    adapter = next((one for one in found if one.name == name), found[0] if found else None)
    chosen = adapter.name if adapter else ""
    return {
        parts.form: view.form(page, [one.name for one in found], chosen, sets.choices(page)),
        parts.middle: view.whole(page, adapter) if adapter else view.nothing(page),
        parts.chosen: chosen,
    }


def _connect(page: Page, shared: Shared, parts: Parts) -> None:
    def evaluate(visit: Visit) -> Iterator[Updates]:
        yield from _evaluated(page, parts, visit)

    def choose(visit: Visit) -> Updates:
        return _shown(page, parts, visit.words("name"))

    def refreshed(_visit: Visit, chosen: str) -> Updates:
        return _shown(page, parts, chosen)

    shown = [parts.form, parts.middle, parts.chosen]
    connect(page, parts.form.evaluate, evaluate, None, [*shown, parts.said])
    connect(page, parts.form.choose, choose, None, shown)
    connect(page, page.ready.change, refreshed, parts.chosen, shown)
    connect(page, shared.adapters.change, refreshed, parts.chosen, shown)


def _evaluated(page: Page, parts: Parts, visit: Visit) -> Iterator[Updates]:
    """Base against tuned in a thread of its own; answers are kept as they come, so that the next try goes on."""
    name = visit.words("name")
    if not _ONE.acquire(blocking=False):
        raise InputError(detail="Another comparison is running; wait for it.", text_key="bench.comparing")
    watched: Watched[Now] = Watched(Now())

    def work() -> Now:
        try:
            return _measure(page, name, visit.data, watched)
        finally:
            _ONE.release()

    for now in watched.run(page, work, lambda why: Now(error=why)):
        if not (now.ended or now.error):
            yield {parts.said: view.progress(page, now.what, now.share)}
    yield _shown(page, parts, name) | {parts.said: view.ended(page, watched.now.error)}


def _measure(page: Page, name: str, wish: Mapping[str, Any], watched: Watched[Now]) -> Now:
    from app.adapter_scores import Wanted, evaluate

    context: Any = page.context
    chosen = str(wish.get("set") or "")
    questions: tuple[Path, ...] = ()
    if chosen:
        path = QuestionSets(context.home).path(chosen.removeprefix(sets.SHIPPED), chosen.startswith(sets.SHIPPED))
        questions = (path,)
    count = str(wish.get("n") or "0")
    wanted = Wanted(questions, n=int(count) if count.isdecimal() else 0, loss=wish.get("loss") == "yes")
    if not questions and not wanted.loss:
        raise InputError(detail="Choose a question set or the losses.", text_key="bench.nothing_to_measure")

    def told(what: str, share: float) -> None:
        watched.now = Now(what, share)

    evaluate(context, name, wanted, told)
    work = bench(page)
    if not work.registry.find(name).shipped:
        work.write_card(name)
    return Now(ended=True)
