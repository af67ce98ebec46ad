"""What a run shows, as HTML, while it runs and afterwards. Figures are places with their JSON; labs.js has Plotly draw them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from app.labs.base import Block, Choice, Code, Control, Figure, Lab, Said, Score, Table, Value
from app.labs.checkpoints import CONTROL, SHIPPED, trained_by
from app.labs.drawing import cell, cells, drawn, figure_of, headings, named, phrase, span
from app.labs.telling import used
from app.ui.labs.runs import Sheet
from app.ui.markup import attribute, blocks, inline
from app.ui.page import Page

ROWS = 200  # shown of a table
LONGEST_SETTING = 60  # characters
GOING = ("running", "stopping")


def sheet(page: Page, shown: Sheet | None) -> str:
    """A run as it stands; an invitation where there is none."""
    if shown is None:
        return f'<p class="cm-empty">{page.text("labs.no_run")}</p>'
    lab = shown.lab
    data = used(lab, list(shown.used.values()), page.lang)
    made = f'<p class="cm-facts cm-made">{inline(data)}</p>' if data else ""
    parts = "".join(block(page, lab, one) for one in shown.blocks.values())
    return (
        f'<section class="cm-lab-run" data-state="{shown.state}">{_state(page, shown)}'
        f"{_scores(page, lab, list(shown.scores.values()))}{parts}"
        f"{made}</section>"
    )


def _state(page: Page, shown: Sheet) -> str:
    """How far it is, or how it ended."""
    if shown.state in GOING:
        return _progress(page, shown)
    if shown.state == "failed":
        return f'<p class="cm-said cm-bad" role="alert">{inline(shown.error)}</p>'
    if shown.state == "shipped":
        return _shipped(page, shown)
    words = {
        "stopped": page.text("labs.stopped"),
        "ended": page.text("labs.finished", n=f"{shown.seconds:.1f}"),
    }[shown.state]
    return f'<p class="cm-facts" role="status">{words}</p>'


def _shipped(page: Page, shown: Sheet) -> str:
    """That the result came along, of which day it is, and with which settings it was made."""
    lab = shown.lab
    unused = trained_by(lab) if shown.values.get(CONTROL) == SHIPPED else ()
    day = f" · <time>{inline(shown.day)}</time>" if shown.day else ""
    rows = "".join(
        f"<div><dt>{inline(named(lab.name, 'control', control.name, page.lang))}</dt>"
        f"<dd>{inline(setting(lab, control, shown.values[control.name], page.lang))}</dd></div>"
        for control in lab.controls
        if control.name not in unused and shown.values.get(control.name) not in (None, "")
    )
    settings = f"<details><summary>{page.text('labs.shown_values')}</summary><dl>{rows}</dl></details>" if rows else ""
    return (
        f'<div class="cm-lab-shipped cm-facts" role="status"><p><b class="cm-badge">{page.text("labs.shown_before")}</b>{day} '
        f"{page.text('labs.shown_lead')}</p>{settings}</div>"
    )


def setting(lab: Lab, control: Control, value: Value, lang: str) -> str:
    """A control's value as the form says it."""
    said = named(lab.name, "value", str(value), lang) if isinstance(control, Choice) else cell(value)
    return said if len(said) <= LONGEST_SETTING else f"{said[:LONGEST_SETTING]}…"


def _progress(page: Page, shown: Sheet) -> str:
    now = shown.progress
    percent = round(100 * min(1.0, max(0.0, now.done / now.total if now.total else 0.0)))
    doing = phrase(shown.lab.name, now.key, page.lang) if now.key else page.text("labs.working")
    words = page.text("labs.stopping") if shown.state == "stopping" else f"{inline(doing)} · {percent}%"
    off = " disabled" if shown.state == "stopping" else ""
    return (
        f'<div class="cm-making" role="status"><span class="cm-facts">{words} · <span class="cm-lab-clock"></span></span>'
        f'<span class="cm-progress"><u style="width:{percent}%"></u></span>'
        f'<button type="button" class="cm-pill" data-act="stop"{off}>{page.text("labs.stop")}</button></div>'
    )


def _scores(page: Page, lab: Lab, scores: Sequence[Score]) -> str:
    """Figures with where they usually are, and what it means to be elsewhere."""
    if not scores:
        return ""
    cards = "".join(_score(page, lab, score) for score in scores)
    expected = phrase(lab.name, "expected", page.lang)
    odd = any(score.outside for score in scores)
    meaning = f'<p class="cm-item-message"><b>{page.text("labs.outside")}</b> {inline(phrase(lab.name, "outside", page.lang))}</p>'
    return (
        f'<div class="cm-lab-scores"><dl>{cards}</dl><p class="cm-facts"><b>{page.text("labs.expected")}</b> {inline(expected)}</p>'
        f"{meaning if odd else ''}</div>"
    )


def _score(page: Page, lab: Lab, score: Score) -> str:
    usual = span(score)
    below = f"<small>{page.text('labs.usual', span=usual)}</small>" if usual else ""
    return (
        f"<div{' class=cm-lab-odd' if score.outside else ''}><dt>{inline(named(lab.name, 'score', score.name, page.lang))}</dt>"
        f"<dd>{figure_of(score, score.value)}{below}</dd></div>"
    )


def block(page: Page, lab: Lab, one: Block) -> str:
    """One block by its kind."""
    if isinstance(one, Figure):
        return _figure(page, lab, one)
    if isinstance(one, Table):
        return _table(page, lab, one)
    if isinstance(one, Said):
        said = phrase(lab.name, one.key, page.lang, **one.values)
        return f'<div class="cm-lab-said cm-tone-{one.tone}">{blocks(said)}</div>'
    return code(page, named(lab.name, "code", one.name, page.lang), one)


def _figure(page: Page, lab: Lab, figure: Figure) -> str:
    title = named(lab.name, "figure", figure.name, page.lang)
    plot = attribute(json.dumps(drawn(lab.name, figure, page.lang), ensure_ascii=False))
    return (
        f'<figure class="cm-lab-figure"><figcaption><b>{inline(title)}</b></figcaption>'
        f'<div class="cm-lab-plot" data-name="{attribute(lab.name + "/" + figure.name)}" data-plot="{plot}" role="img" '
        f'aria-label="{attribute(title)}" style="height:{figure.height}px"></div></figure>'
    )


def _table(page: Page, lab: Lab, table: Table) -> str:
    head = "".join(f"<th>{inline(one)}</th>" for one in headings(lab.name, table, page.lang))
    said = (zip(row, cells(lab.name, row, page.lang), strict=True) for row in table.rows[:ROWS])
    rows = "".join(f"<tr>{''.join(_cell(value, text) for value, text in row)}</tr>" for row in said)
    more = f'<p class="cm-facts">… {len(table.rows):,}</p>' if len(table.rows) > ROWS else ""
    title = inline(named(lab.name, "table", table.name, page.lang))
    return (
        f'<figure class="cm-lab-figure"><figcaption><b>{title}</b></figcaption>'
        f'<div class="cm-lab-scroll" tabindex="0"><table class="cm-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        f"{more}</figure>"
    )


def _cell(value: str | float | int, said: str) -> str:
    number = not isinstance(value, str)
    return f"<td{' class=cm-lab-number' if number else ''}>{inline(said)}</td>"


def code(page: Page, title: str, one: Code) -> str:
    """Code to read, folded."""
    body = f'<pre tabindex="0"><code>{attribute(one.source)}</code></pre>'
    return f'<details class="cm-more cm-lab-code"><summary>{inline(title)}</summary>{body}</details>'
