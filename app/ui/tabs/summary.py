"""요약: what to summarise and how on the left with the plan, the summary in the middle, its source sentences on the right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.ui.events import Visit, connect, on_leave
from app.ui.header import backend_choices
from app.ui.i18n import localize
from app.ui.page import Page, Tab
from app.ui.sessions import Sessions
from app.ui.summary import making, views, wish
from app.ui.summary.wish import Wish
from app.ui.theme import panel, script
from chains.summaries.base import Plan, Summary
from models.errors import CourseMateError

Updates = dict[Any, Any]


@dataclass(slots=True)
class Parts:
    """The tab's components. current: state, the summary that is shown, None for none."""

    current: Any
    documents: Any
    headings: Any
    style: Any
    audience: Any
    strategy: Any
    backend: Any
    budget: Any
    plan: Any
    start: Any
    body: Any
    sources: Any

    def wishes(self) -> list[Any]:
        """What Wish is made of, in the order of its fields."""
        return [
            self.documents,
            self.headings,
            self.style,
            self.audience,
            self.strategy,
            self.backend,
            self.budget,
        ]


def build(page: Page) -> None:
    """Lay the tab out and connect it."""
    import gradio as gr

    sessions = Sessions()
    with gr.Row(elem_id="cm-summary", elem_classes="cm-grid"):
        parts = _layout(page)
    _connect_choices(page, parts)
    _connect_making(page, parts, sessions)
    on_leave(page, sessions.leave)


TAB = Tab("summary", 30, build)


def _layout(page: Page) -> Parts:
    import gradio as gr

    t = page.text
    with gr.Column(elem_classes="cm-col cm-col-left cm-form", min_width=0):
        documents = gr.Dropdown([], multiselect=True, label=t("summary.documents"), elem_id="cm-summary-documents")
        headings = gr.Dropdown([], multiselect=True, label=t("summary.headings"), elem_id="cm-summary-headings")
        style = gr.Radio(
            wish.style_choices(page),
            value=wish.style_choices(page)[0][1],
            label=t("summary.style"),
            elem_id="cm-summary-style",
        )
        audience = gr.Dropdown(
            wish.audience_choices(page),
            value=wish.audience_choices(page)[0][1],
            allow_custom_value=True,
            label=t("summary.audience"),
            elem_id="cm-summary-audience",
        )
        strategy = gr.Dropdown(
            wish.strategy_choices(page), value="", label=t("summary.strategy"), elem_id="cm-summary-strategy"
        )
        backend = gr.Dropdown(
            backend_choices(page),
            value=page.context.settings.backend,
            label=t("summary.backend"),
            elem_id="cm-summary-backend",
        )
        budget = gr.Dropdown(
            wish.budget_choices(page), value=wish.USUAL_MIN, label=t("summary.budget"), elem_id="cm-summary-budget"
        )
        plan = panel("cm-summary-plan", "", views.plan_html(None, page.lang))
        start = gr.Button(t("summary.start"), variant="primary", elem_id="cm-summary-start", interactive=False)
    with gr.Column(elem_classes="cm-col", elem_id="cm-summary-middle", min_width=0):
        body = panel("cm-summary-body", script("summary"), views.invitation("", page.lang))
    with gr.Column(elem_classes="cm-col cm-col-right", elem_id="cm-summary-right", min_width=0):
        sources = panel("cm-summary-sources", "", views.sources_html((), {}, page.lang))
    return Parts(
        gr.State(None), documents, headings, style, audience, strategy, backend, budget, plan, start, body, sources
    )


def _connect_choices(page: Page, parts: Parts) -> None:
    """Documents and headings to choose from, and the plan, which follows every choice."""

    def refreshed(_visit: Visit, chosen: list[str] | None) -> Updates:
        import gradio as gr

        choices = wish.document_choices(page)
        known = {identity for _, identity in choices}
        kept = [identity for identity in chosen or [] if identity in known]
        kept = kept or [identity for _, identity in choices[:1]]
        return {
            parts.documents: gr.Dropdown(choices=choices, value=kept),
            parts.backend: gr.Dropdown(choices=backend_choices(page)),
        }

    def documents_chosen(_visit: Visit, *values: Any) -> Iterator[Updates]:
        import gradio as gr

        chosen = Wish.of(values)
        choices = wish.heading_choices(page, chosen.documents)
        kept = [heading for heading in chosen.headings if heading in choices]
        yield {parts.headings: gr.Dropdown(choices=choices, value=kept)}
        yield from _planning(page, parts, [chosen.documents, kept, *values[2:]])

    def chosen(_visit: Visit, *values: Any) -> Iterator[Updates]:
        yield from _planning(page, parts, values)

    planned = [parts.plan, parts.start]
    connect(page, page.ready.change, refreshed, parts.documents, [parts.documents, parts.backend])
    connect(
        page,
        parts.documents.change,
        documents_chosen,
        parts.wishes(),
        [parts.headings, *planned],
        trigger_mode="always_last",
    )
    for part in parts.wishes()[1:]:
        connect(page, part.input, chosen, parts.wishes(), planned, trigger_mode="always_last")


def _planning(page: Page, parts: Parts, values: Any) -> Iterator[Updates]:
    """The plan, or why there is none; start can be pressed where there is one."""
    import gradio as gr

    wanted = Wish.of(values)
    if not wanted.documents:
        empty = page.text("summary.pick_document" if wish.document_choices(page) else "summary.no_documents")
        yield {parts.plan: views.plan_html(None, page.lang, empty), parts.start: gr.Button(interactive=False)}
        return
    yield {parts.plan: views.plan_html(None, page.lang, page.text("summary.plan_waiting"))}
    try:
        plan: Plan | None = wish.plan_of(page, wanted)
        words = ""
    except CourseMateError as error:
        plan, words = None, localize(error, page.lang)
    shown = views.plan_html(plan, page.lang, words)
    yield {parts.plan: shown, parts.start: gr.Button(interactive=plan is not None)}


def _connect_making(page: Page, parts: Parts, sessions: Sessions) -> None:
    outputs = [parts.current, parts.body, parts.sources, parts.start]

    def start(visit: Visit, *values: Any) -> Iterator[Updates]:
        yield from _making(page, parts, sessions, visit, wish.plan_of(page, Wish.of(values)))

    def resume(visit: Visit, current: Summary | None) -> Iterator[Updates]:
        if current is not None:
            yield from _making(page, parts, sessions, visit, current.plan)

    connect(page, parts.start.click, start, parts.wishes(), outputs)
    connect(page, parts.body.resume, resume, parts.current, outputs)
    connect(page, parts.body.stop, lambda visit: sessions.stop(visit.session) and None, queue=False)


def _making(page: Page, parts: Parts, sessions: Sessions, visit: Visit, plan: Plan) -> Iterator[Updates]:
    """The changes while the summary comes about; a second start takes the place of the first."""
    import gradio as gr

    cancel = sessions.begin(visit.session)
    yield {parts.current: None, parts.start: gr.Button(interactive=False)}
    try:
        for change in sessions.watched(visit.session, making.make(page, plan, cancel)):
            yield _updates(page, parts, change)
    finally:
        cancel.set()
        sessions.end(visit.session, cancel)


def _updates(page: Page, parts: Parts, change: making.Change) -> Updates:
    import gradio as gr

    updates: Updates = {}
    if change.body is not None:
        updates[parts.body] = change.body
    if change.sources is not None:
        updates[parts.sources] = change.sources
    if change.summary is not None:
        updates[parts.current] = change.summary
    if change.finished:
        updates[parts.start] = gr.Button(interactive=True)
    return updates
