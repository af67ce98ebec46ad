"""일괄 평가: a question set and who answers it on the left, the batches in the middle, a report on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.batches import Asked, Plan
from app.ui.compare import answerers, batch_list, sets
from app.ui.compare.arena import Arena
from app.ui.compare.contenders import prompt_choices
from app.ui.events import Visit, connect
from app.ui.page import Page
from app.ui.theme import panel, script

if TYPE_CHECKING:
    from evals.base import Case

LOOK_S = 1.0
FIRST_COUNT = 20
SHOWN_ABSENT = 5


@dataclass(slots=True)
class Parts:
    """The section's components. opened: state, id of the batch whose report is shown."""

    opened: Any
    questions: Any
    count: Any
    backends: Any
    prompts: Any
    retrieval: Any
    start: Any
    listing: Any
    report: Any
    timer: Any

    def chosen(self) -> list[Any]:
        """Inputs of a start."""
        return [self.questions, self.count, self.backends, self.prompts, self.retrieval]


def build(page: Page, arena: Arena, _voted: Any) -> None:
    """Lay the section out and connect it."""
    import gradio as gr

    with gr.Row(elem_id="cm-batch", elem_classes="cm-grid"):
        parts = _layout(page, arena)
    _connect_start(page, arena, parts)
    _connect_listing(page, arena, parts)


def _layout(page: Page, arena: Arena) -> Parts:
    import gradio as gr

    t = page.text
    listed = sets.choices(page)
    with gr.Column(elem_classes="cm-col cm-col-left cm-form", min_width=0):
        questions = gr.Dropdown(
            listed, value=listed[0][1] if listed else None, label=t("batch.set"), elem_id="cm-batch-set"
        )
        count = gr.Number(
            FIRST_COUNT,
            precision=0,
            minimum=0,
            label=t("batch.how_many"),
            info=t("batch.how_many_lead"),
            elem_id="cm-batch-count",
        )
        backends = gr.CheckboxGroup(
            answerers.choices(page),
            value=[page.context.settings.backend],
            label=t("batch.backends"),
            elem_id="cm-batch-who",
        )
        prompts = gr.CheckboxGroup(
            prompt_choices(page, arena.templates, ""),
            value=["few_shot"],
            label=t("batch.prompts"),
            elem_id="cm-batch-how",
        )
        retrieval = gr.Checkbox(label=t("batch.retrieval"), container=False, elem_id="cm-batch-retrieval")
        start = gr.Button(t("batch.start"), variant="primary", elem_id="cm-batch-start")
        panel("cm-batch-lead", "", f'<p class="cm-hint">{t("batch.lead")}</p>')
    with gr.Column(elem_classes="cm-col", min_width=0):
        listing = panel("cm-batches", script("batch"))
    with gr.Column(elem_classes="cm-col cm-col-right", elem_id="cm-batch-right", min_width=0):
        report = panel("cm-batch-report", "", batch_list.report(None, False, page.lang))
    timer = gr.Timer(LOOK_S, active=False)
    return Parts(gr.State(""), questions, count, backends, prompts, retrieval, start, listing, report, timer)


def _connect_start(page: Page, arena: Arena, parts: Parts) -> None:
    def start(
        visit: Visit, opened: str, value: str, count: Any, backends: list[str], prompts: list[str], search: bool
    ) -> Any:
        name, cases = sets.load(page, value, int(count or 0))
        answerers.check(page, backends)
        systems = tuple(asked(page, arena, visit.owner, backend, prompt) for backend in backends for prompt in prompts)
        title = page.text("batch.title", name=name, count=len(cases))
        warn_of_absent(page, cases)
        arena.batches.start(visit.owner, Plan(title, name, systems, bool(search), page.lang), cases)
        return look(page, arena, visit.owner, opened)

    def refreshed(visit: Visit, value: str | None, backends: list[str], prompts: list[str]) -> Any:
        import gradio as gr

        listed, techniques = sets.choices(page), prompt_choices(page, arena.templates, visit.owner)
        known = [choice for _, choice in listed]
        return (
            gr.Dropdown(choices=listed, value=value if value in known else next(iter(known), None)),
            gr.CheckboxGroup(choices=answerers.choices(page), value=backends),
            gr.CheckboxGroup(choices=techniques, value=[p for p in prompts if p in {v for _, v in techniques}]),
        )

    connect(page, parts.start.click, start, [parts.opened, *parts.chosen()], [parts.listing, parts.timer])
    changing = [parts.questions, parts.backends, parts.prompts]
    connect(page, page.ready.change, refreshed, changing, changing)


def warn_of_absent(page: Page, cases: Sequence[Case]) -> None:
    """A set for other documents is named, not refused: its unanswerable questions may be what is to be tried."""
    import gradio as gr

    from evals.questions import absent_documents

    known = [document.source for document in page.context.store().documents()]
    absent = absent_documents([case for case in cases if case.answerable], known)
    if absent:
        named = ", ".join(list(absent)[:SHOWN_ABSENT]) + ("…" if len(absent) > SHOWN_ABSENT else "")
        count = len({case for cases in absent.values() for case in cases})
        gr.Warning(page.text("batch.absent", count=count, names=named))


def asked(page: Page, arena: Arena, owner: str, backend: str, prompt: str) -> Asked:
    """One system of a batch, its prompt as it is now. Raises InputError for a prompt that is gone."""
    from chains.compare import Contender

    who, template = answerers.find(page, backend), arena.templates.get(owner, prompt)
    label = Contender(who.backend, template=template, adapter=who.adapter).label()
    return Asked(label, who.backend, template.to_dict(), who.adapter)


def look(page: Page, arena: Arena, owner: str, opened: str) -> tuple[str, Any]:
    """The list as it stands, and whether to look again."""
    import gradio as gr

    batches = [batch for batch in arena.batches.all(owner) if batch.plan.kind == "batch"]
    return batch_list.listing(batches, opened, page.lang), gr.Timer(active=any(batch.unfinished for batch in batches))


def _connect_listing(page: Page, arena: Arena, parts: Parts) -> None:
    def again(visit: Visit, opened: str) -> Any:
        return look(page, arena, visit.owner, opened)

    def stop(visit: Visit, opened: str) -> Any:
        arena.batches.stop(visit.owner, visit.words("id"))
        return again(visit, opened)

    def resume(visit: Visit, opened: str) -> Any:
        arena.batches.resume(visit.owner, visit.words("id"))
        return again(visit, opened)

    def delete(visit: Visit, opened: str) -> Any:
        gone = visit.words("id")
        arena.batches.delete(visit.owner, gone)
        kept = "" if opened == gone else opened
        return *again(visit, kept), kept, shown(page, arena, visit.owner, kept)

    def show(visit: Visit) -> Any:
        identity = visit.words("id")
        return *again(visit, identity), identity, shown(page, arena, visit.owner, identity)

    watched, everything = [parts.listing, parts.timer], [parts.listing, parts.timer, parts.opened, parts.report]
    connect(page, parts.timer.tick, again, parts.opened, watched)
    connect(page, page.blocks.load, again, parts.opened, watched)
    connect(page, parts.listing.stop, stop, parts.opened, watched)
    connect(page, parts.listing.resume, resume, parts.opened, watched)
    connect(page, parts.listing.delete, delete, parts.opened, everything)
    connect(page, parts.listing.open, show, None, everything)


def shown(page: Page, arena: Arena, owner: str, identity: str) -> str:
    """The report of a batch."""
    there = arena.batches.file(owner, identity, "report.html") is not None
    return batch_list.report(arena.batches.get(owner, identity), there, page.lang)
