"""실험실: labs on the left, predictions, settings and what a run shows in the middle, notes and code on the right."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.labs.base import File, Lab, from_row, read_values
from app.labs.running import find, labs, shipped_events, shipped_run
from app.labs.telling import told
from app.ui.events import Visit, connect, on_leave
from app.ui.intake import arrived
from app.ui.labs import controls, results, view
from app.ui.labs.runs import Run, Runs, Sheet
from app.ui.labs.view import Tried
from app.ui.markup import inline
from app.ui.page import Page, Tab
from app.ui.theme import panel, script
from models.errors import CourseMateError, InputError

Updates = dict[Any, Any]
AllTried = dict[str, dict[int, Tried]]
LOOK_S = 0.4
_RUNS = Runs()  # of the whole application, whichever language a page has


@dataclass(slots=True)
class Parts:
    """The tab's panels. tried: state, lab -> number of a try -> what was predicted; chosen: state, name of the lab."""

    listed: Any
    head: Any
    form: Any
    go: Any
    live: Any
    basis: Any
    chosen: Any
    tried: Any
    known: dict[str, Lab] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """What to run. tried: all that was predicted so far; number: of the try whose settings these are, 0 for one's own."""

    lab: Lab
    given: Mapping[str, Any]
    tried: AllTried
    number: int = 0


def build(page: Page) -> None:
    """Lay the tab out and connect it."""
    import gradio as gr

    known = labs()
    first = next(iter(known.values()))
    values = read_values(first, {})
    with gr.Row(elem_id="cm-labs", elem_classes="cm-grid cm-bench-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
            listed = panel("cm-lab-list", script("labs"), view.listing(page, known, first.name))
        with gr.Column(elem_classes="cm-col", min_width=0, elem_id="cm-lab-middle"):
            head = panel("cm-lab-head", script("labs"), view.head(page, first, {}))
            form = panel("cm-lab-form", script("labs"), controls.form(page, first))
            go = panel("cm-lab-go", script("labs"), controls.go(page, first, values))
            live = panel("cm-lab-live", script("labs"), results.sheet(page, _shipped(first)))
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            basis = panel("cm-lab-basis", "", view.basis(page, first))
    parts = Parts(listed, head, form, go, live, basis, gr.State(first.name), gr.State({}), known)
    _connect(page, parts)
    on_leave(page, _RUNS.leave)


def _shipped(lab: Lab) -> Sheet | None:
    """What came along for this lab; None where nothing did."""
    rows, made = shipped_events(lab.name), shipped_run(lab.name) or {"day": "", "values": {}}
    events = (from_row(json.loads(row)) for row in rows)
    return Sheet.of(lab, events, made["day"], made["values"]) if rows else None


def _connect(page: Page, parts: Parts) -> None:
    def choose(visit: Visit, tried: AllTried) -> Updates:
        return _chosen(page, parts, find(visit.words("lab")), tried, visit)

    def guess(visit: Visit, chosen: str, tried: AllTried) -> Updates:
        number, said = visit.number("try"), visit.number("guess")
        lab = find(chosen)
        if not (1 <= number <= len(lab.tries) and said in view.GUESSES):
            return {}
        tried = {**tried, chosen: {**tried.get(chosen, {}), number: Tried(said)}}
        return {parts.head: view.head(page, lab, tried[chosen]), parts.tried: tried}

    def changed(visit: Visit) -> Updates:
        lab = find(visit.words("lab"))
        return {parts.go: _go(page, lab, visit)}

    def run(visit: Visit, tried: AllTried) -> Iterator[Updates]:
        lab = find(visit.words("lab"))
        yield from _run(page, parts, visit.session, Order(lab, _given(page, lab, visit), tried))

    def take(visit: Visit, chosen: str, tried: AllTried) -> Iterator[Updates]:
        lab, number = find(chosen), visit.number("try")
        if number not in tried.get(chosen, {}):
            return
        values = read_values(lab, dict(lab.tries[number - 1].values))
        yield {parts.form: controls.form(page, lab, values)}
        yield from _run(page, parts, visit.session, Order(lab, values, tried, number))

    shown = [parts.listed, parts.head, parts.form, parts.go, parts.live, parts.basis, parts.chosen]
    running = [parts.head, parts.form, parts.go, parts.live, parts.tried]
    connect(page, parts.listed.choose, choose, parts.tried, shown)
    connect(page, parts.head.guess, guess, [parts.chosen, parts.tried], [parts.head, parts.tried])
    connect(page, parts.head.take, take, [parts.chosen, parts.tried], running)
    connect(page, parts.form.changed, changed, None, parts.go)
    connect(page, parts.go.run, run, parts.tried, running)
    connect(page, parts.live.stop, lambda visit: _RUNS.stop(visit.session), queue=False)


def _chosen(page: Page, parts: Parts, lab: Lab, tried: AllTried, visit: Visit) -> Updates:
    _RUNS.leave(visit.session)
    return {
        parts.listed: view.listing(page, parts.known, lab.name),
        parts.head: view.head(page, lab, tried.get(lab.name, {})),
        parts.form: controls.form(page, lab),
        parts.go: controls.go(page, lab, read_values(lab, {})),
        parts.live: results.sheet(page, _shipped(lab)),
        parts.basis: view.basis(page, lab),
        parts.chosen: lab.name,
    }


def _given(page: Page, lab: Lab, visit: Visit) -> dict[str, Any]:
    """What the form said. A file must be one that was uploaded here: its place comes from a browser."""
    said = visit.data.get("values")
    given = dict(said) if isinstance(said, Mapping) else {}
    for control in lab.controls:
        if isinstance(control, File) and given.get(control.name):
            given[control.name] = str(arrived(page.context.home, str(given[control.name])))
    return given


def _go(page: Page, lab: Lab, visit: Visit) -> str:
    """The button with the time of these values, or with what is wrong with them."""
    try:
        return controls.go(page, lab, read_values(lab, _given(page, lab, visit)))
    except InputError as error:
        return controls.go(page, lab, read_values(lab, {}), problem=told(lab, error, page.lang))


def _run(page: Page, parts: Parts, session: str, order: Order) -> Iterator[Updates]:
    """What a run shows, as it comes; at its end the try is told whose settings these were."""
    lab, mine = order.lab, order.tried.get(order.lab.name, {})
    try:
        run = _RUNS.start(page, session, lab, order.given)
    except CourseMateError as error:
        yield {parts.live: f'<p class="cm-said cm-bad" role="alert">{inline(told(lab, error, page.lang))}</p>'}
        return
    values = read_values(lab, order.given)
    yield {parts.go: controls.go(page, lab, values, running=True), parts.head: view.head(page, lab, mine, running=True)}
    for shown in _sheets(page, run):
        yield {parts.live: shown}
    if run.left:
        return
    updates: Updates = {}
    if order.number and run.sheet.state == "ended":
        tried = Tried(mine[order.number].guess, ran=True)
        mine = {**mine, order.number: tried}
        told_so = view.verdict(page, lab, order.number, tried)
        updates = {
            parts.live: f'<div class="cm-guess cm-lab-told">{told_so}</div>{results.sheet(page, run.sheet)}',
            parts.tried: {**order.tried, lab.name: mine},
        }
    yield updates | {parts.go: controls.go(page, lab, values), parts.head: view.head(page, lab, mine)}


def _sheets(page: Page, run: Run) -> Iterator[str]:
    """The sheet whenever it has changed, until the run is over."""
    seen, over = -1, False
    while not (over or run.left):
        over = run.done.wait(LOOK_S if seen >= 0 else 0)
        with run.lock:
            changed = run.version != seen
            seen, shown = run.version, results.sheet(page, run.sheet) if changed else ""
        if changed and not run.left:
            yield shown


TAB = Tab("labs", 55, build)
