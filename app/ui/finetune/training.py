"""학습: the runs on the left, the curves and answers of one in the middle as they come, what it rests on right.

A run lives in a process of its own (finetune/runs.py): this page only reads its journal, so a reload goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.ui.events import Visit, connect
from app.ui.finetune import run_view as view
from app.ui.finetune.run_view import RUNNING, Shown
from app.ui.finetune.shared import Shared
from app.ui.i18n import localize
from app.ui.page import Page
from app.ui.theme import panel, script
from finetune.registry import Registry
from finetune.runs import Run, Runs
from models.errors import CourseMateError

Updates = dict[Any, Any]
LOOK_S = 1.5


@dataclass(slots=True)
class Parts:
    """The section's panels. seen: state, what was shown last, so that nothing is sent twice."""

    shared: Shared
    listed: Any
    middle: Any
    right: Any
    timer: Any
    seen: Any


def build(page: Page, shared: Shared) -> None:
    """Lay the section out and connect it."""
    import gradio as gr

    with gr.Row(elem_id="cm-bench-training", elem_classes="cm-grid cm-bench-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
            listed = panel("cm-run-list", script("bench"))
        with gr.Column(elem_classes="cm-col", min_width=0):
            middle = panel("cm-run-box", script("bench"), view.nothing(page))
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            right = panel("cm-run-basis", "")
    parts = Parts(shared, listed, middle, right, gr.Timer(LOOK_S, active=False), gr.State(""))
    _connect(page, parts)


def runs(page: Page) -> Runs:
    """The runs of this home."""
    settings: Any = page.context.settings
    return Runs(page.context.home, settings.weights_dir)


def _shown(page: Page, parts: Parts, name: str) -> Updates:
    """A run in the middle, marked in the list; the newest where there is none of that name."""
    import gradio as gr

    found = runs(page).all()
    adapters = {adapter.name for adapter in Registry(page.context.home).all()}
    chosen = next((run for run in found if run.name == name), found[0] if found else None)
    rows = [Shown.of_run(run, adapters, with_events=False) for run in found]
    listed = view.listing(page, rows, chosen.name if chosen else "")
    active = any(row.state in RUNNING for row in rows)
    updates: Updates = {parts.listed: listed, parts.timer: gr.Timer(active=active)}
    if chosen is None:
        return updates | {parts.middle: view.nothing(page), parts.right: "", parts.shared.run: "", parts.seen: ""}
    run = Shown.of_run(chosen, adapters, _why(page, chosen))
    return updates | {
        parts.middle: view.whole(page, run),
        parts.right: view.basis(page, run, chosen.recipe.model_dump(mode="json")),
        parts.shared.run: chosen.name,
        parts.seen: mark(found, run),
    }


def _why(page: Page, run: Run) -> str:
    return localize(run.error, page.lang) if isinstance(run.error, CourseMateError) else ""


def mark(found: list[Run], run: Shown) -> str:
    """Changes whenever something would be shown otherwise."""
    return repr([(one.name, one.state, one.step) for one in found] + [(run.name, run.state, len(run.events))])


def _connect(page: Page, parts: Parts) -> None:
    import gradio as gr

    def choose(visit: Visit) -> Updates:
        return _shown(page, parts, visit.words("name"))

    def look(_visit: Visit, chosen: str, seen: str) -> Updates:
        updates = _shown(page, parts, chosen)
        if updates[parts.seen] == seen and chosen:
            return {parts.timer: updates[parts.timer]}
        ended = not any(f"'{state}'" in updates[parts.seen] for state in RUNNING)
        return updates | ({parts.shared.adapters: page.changed()} if ended else {})

    def refreshed(_visit: Visit, chosen: str) -> Updates:
        return _shown(page, parts, chosen)

    def stop(visit: Visit) -> Updates:
        runs(page).stop(visit.words("name"))
        return _shown(page, parts, visit.words("name"))

    def resume(visit: Visit) -> Updates:
        runs(page).resume(visit.words("name"))
        return _shown(page, parts, visit.words("name"))

    def remove(visit: Visit) -> Updates:
        runs(page).remove(visit.words("name"))
        return _shown(page, parts, "")

    def to_adapter(_visit: Visit) -> Any:
        return gr.Tabs(selected="adapters")

    shown = [parts.listed, parts.middle, parts.right, parts.timer, parts.seen, parts.shared.run]
    connect(page, parts.listed.choose, choose, None, shown)
    for event, act in (("stop", stop), ("resume", resume), ("remove", remove)):
        connect(page, getattr(parts.middle, event), act, None, shown)
    connect(page, parts.middle.to_adapter, to_adapter, None, parts.shared.tabs)
    connect(page, parts.timer.tick, look, [parts.shared.run, parts.seen], [*shown, parts.shared.adapters])
    connect(page, page.ready.change, refreshed, parts.shared.run, shown)
    connect(page, parts.shared.run.change, refreshed, parts.shared.run, shown)
