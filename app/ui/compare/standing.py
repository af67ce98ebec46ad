"""순위: what a rank means on the left, the ranking in the middle, the votes it rests on at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.ui.compare.arena import Arena
from app.ui.compare.scores import prompt_name
from app.ui.events import Visit, connect
from app.ui.i18n import Language, text
from app.ui.markup import attribute, inline
from app.ui.page import Page
from app.ui.theme import panel
from app.votes import Vote

if TYPE_CHECKING:
    from evals.ranking import Ranked

SHOWN_VOTES = 50
FEW = 10  # votes below which resampling says nothing


def build(page: Page, arena: Arena, voted: Any) -> None:
    """Lay the section out and connect it. voted: a state that changes with each vote."""
    import gradio as gr

    t = page.text
    with gr.Row(elem_id="cm-standing", elem_classes="cm-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left cm-form", min_width=0):
            panel(
                "cm-standing-lead",
                "",
                f"<h6>{t('standing.title')}</h6>{_paragraphs(t('standing.lead'))}{_exports(page)}",
            )
            clear = gr.Button(t("standing.clear"), size="sm", elem_id="cm-standing-clear", elem_classes="cm-quiet")
            with gr.Row(visible=False, elem_classes="cm-line") as sure:
                yes = gr.Button(t("standing.clear_yes"), size="sm", variant="stop", elem_id="cm-standing-yes")
                no = gr.Button(t("history.cancel"), size="sm")
        with gr.Column(elem_classes="cm-col", min_width=0):
            table = panel("cm-standing-table", "")
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            votes = panel("cm-standing-votes", "")

    def look(visit: Visit) -> tuple[str, str]:
        given = arena.votes.all(visit.owner)
        return ranking(page, arena, visit.owner), recent(given, page.lang)

    def ask(_visit: Visit) -> Any:
        return gr.Row(visible=True)

    def forget(visit: Visit) -> tuple[Any, str, str]:
        arena.votes.clear(visit.owner)
        return gr.Row(visible=False), *look(visit)

    connect(page, page.blocks.load, look, None, [table, votes])
    connect(page, voted.change, look, None, [table, votes])
    connect(page, clear.click, ask, None, sure)
    connect(page, no.click, lambda _visit: gr.Row(visible=False), None, sure)
    connect(page, yes.click, forget, None, [sure, table, votes])


def _paragraphs(words: str) -> str:
    return "".join(f'<p class="cm-hint">{inline(line)}</p>' for line in words.split("\n") if line)


def _exports(page: Page) -> str:
    links = " · ".join(f'<a href="votes.{form}" download>{form.upper()}</a>' for form in ("csv", "json"))
    return f'<p class="cm-hint">{page.text("standing.export")} {links}</p>'


def ranking(page: Page, arena: Arena, owner: str) -> str:
    """The table, best first."""
    from evals.ranking import bradley_terry

    pairs = arena.votes.pairs(owner)
    if not pairs:
        return f'<p class="cm-empty">{page.text("standing.empty")}</p>'
    ranked = bradley_terry(pairs)
    low, high = min(one.low for one in ranked), max(one.high for one in ranked)
    few = len(pairs) < FEW
    rows = "".join(
        _row(place, one, None if few else (low, high), page.lang) for place, one in enumerate(ranked, start=1)
    )
    heads = "".join(
        f'<th scope="col">{page.text(f"standing.{name}")}</th>'
        for name in ("rank", "name", "strength", "record", "votes")
    )
    note = page.text("standing.count", count=len(pairs))
    early = f'<p class="cm-hint">{page.text("standing.early", least=FEW)}</p>' if few else ""
    return f'<h6>{note}</h6>{early}<table class="cm-table cm-ranks"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _row(place: int, one: Ranked, scale: tuple[float, float] | None, lang: Language) -> str:
    bar = _interval(one, *scale) if scale else ""
    record = text("standing.record_of", lang, wins=one.wins, ties=one.ties, losses=one.losses)
    return (
        f'<tr><td>{place}</td><td title="{attribute(one.name)}">{inline(shown_name(one.name, lang))}</td>'
        f'<td><div class="cm-strength"><b>{one.strength:.0f}</b>{bar}</div></td>'
        f"<td>{record}</td><td>{one.n}</td></tr>"
    )


def _interval(one: Ranked, low: float, high: float) -> str:
    """low, high: of the whole table, so that the bars of all rows stand to one scale."""
    span = (high - low) or 1.0
    left, width, point = ((one.low - low) / span, (one.high - one.low) / span, (one.strength - low) / span)
    spread = f"{one.low:.0f} – {one.high:.0f}"
    return (
        f'<span class="cm-interval" role="img" aria-label="{spread}" title="{spread}">'
        f'<i style="left:{100 * left:.1f}%;width:{max(100 * width, 0.5):.1f}%"></i><u style="left:{100 * point:.1f}%"></u></span>'
        f'<span class="cm-facts">{spread}</span>'
    )


def shown_name(name: str, lang: Language) -> str:
    """A contender's name with its technique in the page's language."""
    who, _, prompt = name.rpartition(" · ")
    return f"{who} · {prompt_name(prompt, lang)}" if who else name


def recent(votes: Sequence[Vote], lang: Language) -> str:
    """The last votes, newest first."""
    if not votes:
        return ""
    rows = "".join(_vote(vote, lang) for vote in reversed(votes[-SHOWN_VOTES:]))
    return f"<h6>{text('standing.recent', lang)}</h6>{rows}"


def _vote(vote: Vote, lang: Language) -> str:
    names = {"left": shown_name(vote.left, lang), "right": shown_name(vote.right, lang)}
    key = "won" if vote.verdict in names else vote.verdict
    won = names.get(vote.verdict, names["left"])
    lost = names["right" if vote.verdict == "left" else "left"] if key == "won" else names["right"]
    words = text(f"standing.{key}", lang, left=won, right=lost)
    return f'<article class="cm-source"><b>{inline(vote.question)}</b><div class="cm-place">{inline(words)}</div></article>'
