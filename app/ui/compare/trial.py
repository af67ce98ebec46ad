"""Trying a template out beside others: on one question, or on a whole set, so that what is seen is a score with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.batches import Asked, Plan
from app.ui import evidence
from app.ui.compare import answerers, contenders, scores, sets
from app.ui.compare.arena import Arena
from app.ui.compare.batch import LOOK_S, warn_of_absent
from app.ui.compare.contest import Challenge, Change, Rival, compete
from app.ui.events import Visit, connect, on_leave
from app.ui.page import Page
from app.ui.theme import panel, script
from models.errors import InputError

MOST_BESIDE = 3
FIRST_COUNT = 20
Updates = dict[Any, Any]


@dataclass(slots=True)
class Parts:
    """The components. batch: state, id of the run over a set that is shown, "" while it is the answers to one question."""

    batch: Any
    backend: Any
    beside: Any
    question: Any
    ask: Any
    stop: Any
    questions: Any
    count: Any
    run: Any
    result: Any
    answers: list[Any]
    sources: Any
    timer: Any

    def run_shown(self) -> list[Any]:
        """What a run over a set changes."""
        return [self.result, self.stop, self.batch, self.timer]


def build(page: Page, arena: Arena, pick: Any, fields: Sequence[Any]) -> None:
    """Lay it out in a column of the prompt lab and connect it. pick: the opened technique; fields: the editor."""
    import gradio as gr

    with gr.Column(elem_classes="cm-col cm-col-right cm-form", elem_id="cm-lab-right", min_width=0):
        parts = _layout(page, arena)
    _connect_question(page, arena, parts, [pick, *fields])
    _connect_set(page, arena, parts, [pick, *fields])

    def refreshed(visit: Visit, value: str | None, beside: list[str]) -> tuple[Any, ...]:
        listed, techniques = sets.choices(page), contenders.prompt_choices(page, arena.templates, visit.owner)
        known, there = [v for _, v in listed], {v for _, v in techniques}
        return (
            gr.Dropdown(choices=listed, value=value if value in known else next(iter(known), None)),
            gr.CheckboxGroup(choices=techniques, value=[v for v in beside if v in there]),
            gr.Dropdown(choices=answerers.choices(page)),
        )

    connect(
        page,
        page.ready.change,
        refreshed,
        [parts.questions, parts.beside],
        [parts.questions, parts.beside, parts.backend],
    )
    on_leave(page, arena.trials.leave)


def _layout(page: Page, arena: Arena) -> Parts:
    import gradio as gr

    t = page.text
    listed = sets.choices(page)
    backend = gr.Dropdown(
        answerers.choices(page), value=page.context.settings.backend, label=t("lab.backend"), elem_id="cm-lab-backend"
    )
    beside = gr.CheckboxGroup(
        contenders.prompt_choices(page, arena.templates, ""),
        value=["zero_shot"],
        label=t("lab.beside"),
        elem_id="cm-lab-beside",
    )
    with gr.Tabs(elem_id="cm-lab-over", elem_classes="cm-switch"):
        with gr.Tab(t("lab.one_question"), render_children=True), gr.Row(elem_classes="cm-line"):
            question = gr.Textbox(
                placeholder=t("compare.placeholder"), label=t("compare.placeholder"), container=False, scale=4, max_lines=4,
                elem_id="cm-lab-question",
            )  # fmt: skip
            ask = gr.Button(t("lab.ask"), variant="primary", size="md", min_width=72, scale=1, elem_id="cm-lab-ask")
        with gr.Tab(t("lab.whole_set"), render_children=True):
            questions = gr.Dropdown(
                listed,
                value=listed[0][1] if listed else None,
                label=t("batch.set"),
                show_label=False,
                elem_id="cm-lab-set",
            )
            with gr.Row(elem_classes="cm-line"):
                count = gr.Number(
                    FIRST_COUNT,
                    precision=0,
                    minimum=0,
                    label=t("batch.how_many"),
                    info=t("batch.how_many_lead"),
                    elem_id="cm-lab-count",
                )
                run = gr.Button(t("lab.run"), variant="primary", size="md", min_width=72, elem_id="cm-lab-run")
    stop = gr.Button(t("chat.stop"), size="md", visible=False, elem_id="cm-lab-stop")
    result = panel("cm-lab-result", script("batch"), f'<p class="cm-empty">{t("lab.empty")}</p>')
    answers = [panel(f"cm-lab-answer-{place}", script("trial")) for place in range(contenders.MOST)]
    sources = panel("cm-lab-sources", "")
    return Parts(
        gr.State(""),
        backend,
        beside,
        question,
        ask,
        stop,
        questions,
        count,
        run,
        result,
        answers,
        sources,
        gr.Timer(LOOK_S, active=False),
    )


def _connect_question(page: Page, arena: Arena, parts: Parts, editor: list[Any]) -> None:

    def ask(visit: Visit, words: str, speed: Any, backend: str, beside: list[str], *opened: Any) -> Iterator[Updates]:
        rivals = _rivals(page, arena, visit.owner, backend, beside, opened)
        challenge = Challenge(words, visit.session, visit.owner, rivals, speed=speed)
        for change in arena.trials.watched(
            visit.session, compete(page, replace(arena, sessions=arena.trials), challenge)
        ):
            yield _updates(page, parts, change)

    given = [parts.question, page.speed, parts.backend, parts.beside, *editor]
    outputs = [*parts.answers, parts.sources, *parts.run_shown()]
    connect(page, parts.ask.click, ask, given, outputs, trigger_mode="multiple")
    connect(page, parts.question.submit, ask, given, outputs, trigger_mode="multiple")
    connect(page, parts.stop.click, lambda visit: arena.trials.stop(visit.session) and None, queue=False)


def _updates(page: Page, parts: Parts, change: Change) -> Updates:
    """The change as Gradio's updates; a column each, so that one that waits goes on counting its seconds."""
    import gradio as gr

    updates: Updates = {parts.answers[place]: html for place, html in change.columns.items()}
    if change.head is not None:  # it begins
        updates |= {answer: "" for answer in parts.answers if answer not in updates}
        updates |= {parts.result: "", parts.batch: "", parts.timer: gr.Timer(active=False)}
        updates |= {parts.stop: gr.Button(visible=True)}
    if change.evidence is not None:
        shown = evidence.Shown(change.evidence.passages, change.evidence.retrieve_ms)
        updates[parts.sources] = evidence.panel(shown, page.lang) if shown.passages else ""
    if change.finished:
        updates[parts.stop] = gr.Button(visible=False)
    return updates


def _rivals(
    page: Page, arena: Arena, owner: str, backend: str, beside: list[str], opened: tuple[Any, ...]
) -> list[Rival]:
    """The edited template first, then those beside it. Raises InputError."""
    from chains.compare import Contender

    first, others = _chosen(arena, owner, beside, opened)
    rivals = [contenders.rival(page, arena.templates, owner, backend, value) for value in others]
    own, template = first
    if own:
        return [contenders.rival(page, arena.templates, owner, backend, own), *rivals]
    who = answerers.find(page, backend)
    contender = Contender(who.backend, template=template, adapter=who.adapter)
    return [Rival(contender, f"{who.name} · {template.name}", f"{who.title} · {template.name}", who.missing), *rivals]


def _chosen(arena: Arena, owner: str, beside: list[str], opened: tuple[Any, ...]) -> tuple[tuple[str, Any], list[str]]:
    from app.ui.compare.lab import edited

    value, *fields = opened
    first = edited(arena, owner, value, tuple(fields))
    others = [other for other in beside if other != first[0]]
    if len(others) > MOST_BESIDE:
        detail = f"{len(others)} prompts are to stand beside the edited one, {MOST_BESIDE} are the most; untick some."
        raise InputError(detail=detail, text_key="lab.too_many", count=len(others), most=MOST_BESIDE)
    return first, others


def _connect_set(page: Page, arena: Arena, parts: Parts, editor: list[Any]) -> None:
    import gradio as gr

    def run(visit: Visit, value: str, count: Any, backend: str, beside: list[str], *opened: Any) -> Any:
        name, cases = sets.load(page, value, int(count or 0))
        answerers.check(page, [backend])
        warn_of_absent(page, cases)
        (_, template), others = _chosen(arena, visit.owner, beside, opened)
        templates = [template, *(arena.templates.get(visit.owner, other) for other in others)]
        who = answerers.find(page, backend)
        systems = tuple(Asked(one.name, who.backend, one.to_dict(), who.adapter) for one in templates)
        title = page.text("batch.title", name=name, count=len(cases))
        plan = Plan(title, name, systems, language=page.lang, kind="prompts")
        arena.trials.stop(visit.session)
        arena.trials.turn_page(visit.session)
        identity = arena.batches.start(visit.owner, plan, cases)
        return *look(visit, identity), *[""] * (len(parts.answers) + 1)

    def look(visit: Visit, identity: str) -> tuple[Any, ...]:
        batch = arena.batches.get(visit.owner, identity)
        if batch is None:
            return gr.skip(), gr.skip(), "", gr.Timer(active=False)
        figures = {} if batch.unfinished else arena.batches.summary(visit.owner, identity)
        return (
            scores.result(batch, figures, page.lang),
            gr.Button(visible=False),
            identity,
            gr.Timer(active=batch.unfinished),
        )

    def reopened(visit: Visit) -> tuple[Any, ...]:
        last = next((batch for batch in arena.batches.all(visit.owner) if batch.plan.kind == "prompts"), None)
        return look(visit, last.id if last else "")

    def acted(act: str) -> Any:
        def on(visit: Visit) -> tuple[Any, ...]:
            identity = visit.words("id")
            getattr(arena.batches, act)(visit.owner, identity)
            return (
                look(visit, identity)
                if act != "delete"
                else (f'<p class="cm-empty">{page.text("lab.empty")}</p>', gr.skip(), "", gr.Timer(active=False))
            )

        return on

    outputs = parts.run_shown()
    given = [parts.questions, parts.count, parts.backend, parts.beside, *editor]
    connect(page, parts.run.click, run, given, [*outputs, *parts.answers, parts.sources])
    connect(page, parts.timer.tick, look, parts.batch, outputs)
    connect(page, page.blocks.load, reopened, None, outputs)
    for act in ("stop", "resume", "delete"):
        connect(page, getattr(parts.result, act), acted(act), None, outputs)
