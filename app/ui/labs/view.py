"""Labs as HTML: the list, the goal with three things to predict, and on the right the notes and the code of the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from app.course import shipped
from app.labs.base import Code, Lab
from app.labs.drawing import phrase
from app.labs.running import group
from app.ui.labs.results import code
from app.ui.markup import attribute, blocks, inline
from app.ui.page import Page

GUESSES = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Tried:
    """What a visitor has predicted. ran: the run with its settings has ended, so the answer may be told."""

    guess: int
    ran: bool = False


def listing(page: Page, labs: Mapping[str, Lab], chosen: str) -> str:
    """All labs by their groups, numbered through, the chosen one marked."""
    numbered = list(enumerate(labs, 1))
    groups = "".join(
        f"<section><h6>{page.text(f'labs.group_{kind}')}</h6><ol class='cm-rows'>"
        f"{''.join(_row(page, name, at, name == chosen) for at, name in rows)}</ol></section>"
        for kind, rows in groupby(numbered, key=lambda one: group(labs[one[1]]))
    )
    return f'<nav class="cm-lab-groups" aria-label="{attribute(page.text("labs.all"))}">{groups}</nav>'


def _row(page: Page, name: str, at: int, chosen: bool) -> str:
    state = ' on" aria-current="true' if chosen else ""
    return (
        f'<li><button type="button" class="cm-step-row{state}" data-act="choose" data-lab="{name}">'
        f"<b>{at}. {inline(phrase(name, 'title', page.lang))}</b><span>{inline(phrase(name, 'goal', page.lang))}</span></button></li>"
    )


def head(page: Page, lab: Lab, tried: Mapping[int, Tried], running: bool = False) -> str:
    """Title, goal, and what to predict."""
    name = lab.name
    cards = "".join(_try(page, lab, n, tried.get(n), running) for n in range(1, len(lab.tries) + 1))
    return (
        f'<article class="cm-lab-head"><h3>{inline(phrase(name, "title", page.lang))}</h3>'
        f'<p class="cm-lead">{inline(phrase(name, "goal", page.lang))}</p>'
        f'<h4>{page.text("labs.tries")}</h4><p class="cm-facts">{page.text("labs.tries_lead")}</p>'
        f'<div class="cm-lab-tries">{cards}</div></article>'
    )


def _try(page: Page, lab: Lab, number: int, tried: Tried | None, running: bool) -> str:
    """A question; its guesses until one is chosen, then the button that finds out, then who was right."""
    question = inline(phrase(lab.name, f"predict_{number}", page.lang))
    options = "".join(_option(page, lab, (number, guess), tried, running) for guess in GUESSES)
    below = ""
    if tried:
        again = page.text("labs.take_again" if tried.ran else "labs.take_over")
        kind = "cm-pill" if tried.ran else "cm-primary"
        off = " disabled" if running else ""
        below = f'{verdict(page, lab, number, tried)}<button type="button" class="{kind}" data-act="take" data-try="{number}"{off}>{again}</button>'
    return f'<section class="cm-guess cm-lab-try"><h5>{number}</h5><p>{question}</p><div class="cm-options">{options}</div>{below}</section>'


def _option(page: Page, lab: Lab, place: tuple[int, int], tried: Tried | None, running: bool) -> str:
    """place: number of the try, and of the guess."""
    number, guess = place
    right = lab.tries[number - 1].right
    state = ""
    if tried and tried.ran:
        state = " right" if guess == right else " wrong" if guess == tried.guess else ""
    elif tried and guess == tried.guess:
        state = " chosen"
    off = " disabled" if running or (tried and tried.ran) else ""
    return (
        f'<button type="button" class="cm-option{state}" data-act="guess" data-try="{number}" data-guess="{guess}"{off}>'
        f"{inline(phrase(lab.name, f'guess_{number}_{guess}', page.lang))}</button>"
    )


def verdict(page: Page, lab: Lab, number: int, tried: Tried) -> str:
    """Who was right, and why; "" before the run has ended."""
    if not tried.ran:
        return ""
    right = tried.guess == lab.tries[number - 1].right
    told = inline(phrase(lab.name, f"told_{number}", page.lang))
    return f'<p class="cm-told" role="status"><b>{page.text("labs.right" if right else "labs.wrong")}</b> {told}</p>'


def basis(page: Page, lab: Lab) -> str:
    """The right column: what the lab rests on."""
    notes = "".join(_note(page, name) for name in lab.notes)
    sources = "".join(code(page, name, Code(name, source_of(name))) for name in (*lab.network, type(lab).__module__))
    return (
        f'<div class="cm-notes"><h6>{page.text("labs.basis")}</h6>{notes}'
        f"<h6>{page.text('labs.network')}</h6>{sources}</div>"
    )


def _note(page: Page, name: str) -> str:
    folder = shipped("course")
    path = folder / name if folder else None
    if path is None or not path.is_file():
        return f'<p class="cm-empty">{inline(name)}: {page.text("labs.no_notes")}</p>'
    text = path.read_text(encoding="utf-8")
    title = next((line.lstrip("# ") for line in text.splitlines() if line.startswith("# ")), name)
    label = attribute(page.text("labs.read_note"))
    return (
        f'<details class="cm-more cm-lab-note"><summary title="{label}">{inline(title)} <small>{inline(name)}</small></summary>'
        f'<div class="cm-body">{blocks(text)}</div></details>'
    )


@cache
def source_of(module: str) -> str:
    """A module's own text, read and not imported: torch stays out of the page's process."""
    spec = find_spec(module)
    return Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
