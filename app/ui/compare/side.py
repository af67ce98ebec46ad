"""나란히: who answers on the left, the answers beside each other in the middle, the evidence they share on the right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.rounds import Evidence, Round
from app.ui import evidence
from app.ui.boxes import box_update, typing_box
from app.ui.compare import columns, contenders
from app.ui.compare.arena import Arena
from app.ui.compare.contenders import MOST, Chooser
from app.ui.compare.contest import Challenge, Change, compete
from app.ui.events import Visit, connect, on_leave
from app.ui.markup import attribute, inline
from app.ui.page import Page
from app.ui.suggest import first_questions
from app.ui.theme import panel, script
from app.ui.welcome import suggestions
from app.votes import VERDICTS
from models.errors import CourseMateError

Updates = dict[Any, Any]


@dataclass(slots=True)
class Parts:
    """The section's components. current: state, the id of the round that is shown."""

    current: Any
    chooser: Chooser
    blind: Any
    recent: Any
    head: Any
    columns: list[Any]
    foot: Any
    box: Any
    evidence: Any

    def shown(self) -> list[Any]:
        """What a round changes."""
        return [self.current, self.recent, self.head, *self.columns, self.foot, self.box, self.evidence]


def build(page: Page, arena: Arena, voted: Any) -> None:
    """Lay the section out and connect it. voted: a state that changes with each vote."""
    import gradio as gr

    with gr.Row(elem_id="cm-side", elem_classes="cm-grid"):
        parts = _layout(page, arena)
    _connect_asking(page, arena, parts)
    _connect_reading(page, arena, parts)
    _connect_votes(page, arena, parts, voted)
    on_leave(page, arena.sessions.leave)


def _layout(page: Page, arena: Arena) -> Parts:
    import gradio as gr

    t = page.text
    with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
        chooser = contenders.build(page, arena.templates)
        blind = gr.Checkbox(label=t("compare.blind"), elem_id="cm-blind", container=False)
        panel("cm-blind-lead", "", f'<p class="cm-hint">{t("compare.blind_lead")}</p>')
        recent = panel("cm-side-recent", script("side"))
    with gr.Column(elem_classes="cm-col cm-stage", min_width=0):
        with gr.Column(elem_classes="cm-stage-scroll", min_width=0):
            head = panel("cm-side-head", script("side"))
            with gr.Row(elem_id="cm-side-grid"):
                rivals = [panel(f"cm-side-{place}", script("side")) for place in range(MOST)]
            foot = panel("cm-side-foot", script("side"))
        with gr.Column(elem_classes="cm-stage-input", min_width=0):
            box = typing_box(page, "compare", "cm-side-box")
    with gr.Column(elem_classes="cm-col cm-col-right", elem_id="cm-side-right", min_width=0):
        sources = panel("cm-side-evidence", "", evidence.panel(evidence.Shown(), page.lang))
    return Parts(gr.State(""), chooser, blind, recent, head, rivals, foot, box, sources)


def _connect_asking(page: Page, arena: Arena, parts: Parts) -> None:
    given = [page.speed, parts.blind, *parts.chooser.values()]

    def send(visit: Visit, words: str, *rest: Any) -> Iterator[Updates]:
        yield from _run(page, arena, parts, visit, words, rest)

    def suggest(visit: Visit, *rest: Any) -> Iterator[Updates]:
        yield from _run(page, arena, parts, visit, visit.words("text"), rest)

    connect(page, parts.box.submit, send, [parts.box, *given], parts.shown(), trigger_mode="multiple")
    connect(page, parts.head.suggest, suggest, given, parts.shown(), trigger_mode="multiple")
    connect(page, parts.box.stop, lambda visit: arena.sessions.stop(visit.session) and None, queue=False)


def _run(page: Page, arena: Arena, parts: Parts, visit: Visit, words: str, rest: tuple[Any, ...]) -> Iterator[Updates]:
    """The changes, for as long as the reader looks at this round; the answers are stored either way."""
    speed, blind, *chosen = rest
    rivals = contenders.rivals(page, arena.templates, visit.owner, chosen)
    challenge = Challenge(words, visit.session, visit.owner, rivals, bool(blind), speed)
    for change in arena.sessions.watched(visit.session, compete(page, arena, challenge)):
        yield _updates(page, arena, parts, visit.owner, change)


def _updates(page: Page, arena: Arena, parts: Parts, owner: str, change: Change) -> Updates:
    updates: Updates = {parts.columns[place]: html for place, html in change.columns.items()}
    if change.round is not None:
        updates[parts.current] = change.round
    if change.head is not None:  # it begins
        updates |= {column: "" for column in parts.columns if column not in updates}
        updates |= {parts.head: change.head, parts.foot: "", parts.box: box_update(page, "compare", True, "")}
        updates[parts.recent] = _recent(page, arena, owner, change.round or "")
    if change.evidence is not None:
        updates[parts.evidence] = _evidence(page, change.evidence)
    if change.finished:
        one = arena.rounds.get(owner, change.round or "")
        updates |= {parts.foot: columns.foot(one, page.lang), parts.box: box_update(page, "compare", busy=False)}
    return updates


def _evidence(page: Page, found: Evidence, one: Round | None = None, place: int = 0, focus: int = 0) -> str:
    """The shared passages; with a column, the sentences that its answer cites are marked."""
    answer = one.entries[place].answer if one and 0 <= place < len(one.entries) else None
    citations = answer.citations if answer else ()
    shown = evidence.Shown(found.passages, found.retrieve_ms, citations, place + 1 if answer else 0, focus)
    return evidence.panel(shown, page.lang)


def _connect_reading(page: Page, arena: Arena, parts: Parts) -> None:
    """Sources, earlier rounds, and opening the page."""

    def cite(visit: Visit, current: str) -> str:
        one = arena.rounds.get(visit.owner, current)
        if one is None:
            return evidence.panel(evidence.Shown(), page.lang)
        return _evidence(page, one.evidence, one, visit.number("place"), visit.number("n"))

    def choose(visit: Visit) -> Updates:
        arena.sessions.turn_page(visit.session)
        return _shown(page, arena, parts, visit, arena.rounds.get(visit.owner, visit.words("id")))

    def opened(visit: Visit) -> Updates:
        return _shown(page, arena, parts, visit, arena.rounds.get(visit.owner, visit.query.get("m", "")))

    def refreshed(visit: Visit, current: str) -> Any:
        import gradio as gr

        return gr.skip() if current else _invitation(page)

    for column in parts.columns:
        connect(page, column.cite, cite, parts.current, parts.evidence, queue=False)
    connect(page, parts.recent.choose, choose, None, parts.shown())
    connect(page, page.blocks.load, opened, None, parts.shown())
    connect(page, page.ready.change, refreshed, parts.current, parts.head)


def _connect_votes(page: Page, arena: Arena, parts: Parts, voted: Any) -> None:
    def decide(visit: Visit, current: str) -> Updates:
        _vote(arena, visit, current)
        one = arena.rounds.get(visit.owner, current)
        return _shown(page, arena, parts, visit, one) | {voted: page.changed()}

    connect(page, parts.foot.decide, decide, parts.current, [*parts.shown(), voted])


def _vote(arena: Arena, visit: Visit, current: str) -> None:
    """Counts the first verdict of a round; "open" only shows the names."""
    verdict, one = visit.words("verdict"), arena.rounds.get(visit.owner, current)
    if one is None or not one.hidden or (verdict != "open" and not (one.votable and verdict in VERDICTS)):
        return
    if arena.rounds.decide(visit.owner, current, verdict) and verdict != "open":
        left, right = (entry.name for entry in one.entries)
        arena.votes.add(visit.owner, one.question, left=left, right=right, verdict=verdict, blind=True)


def _shown(page: Page, arena: Arena, parts: Parts, visit: Visit, one: Round | None) -> Updates:
    """A stored round, or the invitation where there is none."""
    shown = columns.whole(one, page.lang) if one else []
    updates: Updates = dict.fromkeys(parts.columns, "") | dict(zip(parts.columns, shown, strict=False))
    return updates | {
        parts.current: one.id if one else "",
        parts.recent: _recent(page, arena, visit.owner, one.id if one else ""),
        parts.head: columns.head(one.question, page.lang) if one else _invitation(page),
        parts.foot: columns.foot(one, page.lang),
        parts.box: box_update(page, "compare", busy=False),
        parts.evidence: _evidence(page, one.evidence) if one else evidence.panel(evidence.Shown(), page.lang),
    }


def _invitation(page: Page) -> str:
    """What the section is for, and questions to begin with."""
    cards = ""
    if page.context.status().state == "ready":
        try:
            cards = f'<div class="cm-cards">{suggestions(first_questions(page.context.store(), page.lang))}</div>'
        except CourseMateError:
            cards = ""
    return (
        f'<section class="cm-welcome"><h2>{page.text("compare.title")}</h2>'
        f'<p class="cm-lead">{page.text("compare.lead")}</p>{cards}</section>'
    )


def _recent(page: Page, arena: Arena, owner: str, current: str) -> str:
    """Earlier questions, newest first."""
    rows = "".join(
        f'<li class="cm-conversation{" on" if identity == current else ""}"><button type="button" class="cm-open" '
        f'data-act="choose" data-id="{identity}" title="{attribute(question)}">{inline(question)}</button></li>'
        for identity, question in arena.rounds.recent(owner)
    )
    listing = f"<h6>{page.text('compare.recent')}</h6><ul>{rows}</ul>" if rows else ""
    return f'<nav class="cm-history" data-round="{attribute(current)}">{listing}</nav>'
