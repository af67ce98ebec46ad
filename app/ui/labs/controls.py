"""A lab's controls as HTML, by their type: buttons, sliders, texts, files and a ground to draw on. labs.js reads them.

Where weights came along, the controls that say how to train stand back until one of them is touched: then it trains.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from app.labs.base import Choice, Control, Drawing, File, Lab, Range, Words
from app.labs.checkpoints import place, trained_by
from app.labs.drawing import cell, named, phrase
from app.labs.telling import announced
from app.labs.words import words
from app.ui.markup import attribute, inline
from app.ui.page import Page

STEPS = 300  # of a slider that runs by powers of ten


def form(page: Page, lab: Lab, values: Mapping[str, Any] | None = None) -> str:
    """All controls, at `values` where those are given, else at their defaults."""
    given = {control.name: control.default for control in lab.controls} | dict(values or {})
    trains = trained_by(lab) if place(lab.name) else ()
    shown = "".join(
        f'<div class="cm-lab-control{" cm-lab-training" if control.name in trains else ""}">'
        f"{_control(page, lab, control, given[control.name])}</div>"
        for control in lab.controls
    )
    title = f"<h4>{page.text('labs.controls')}</h4>" if shown else ""
    return f'<form class="cm-lab-form" data-lab="{lab.name}" onsubmit="return false">{title}{shown}</form>'


def go(page: Page, lab: Lab, values: Mapping[str, Any], running: bool = False, problem: str = "") -> str:
    """The button, and the time a run with these values takes at most. problem: what is wrong with them."""
    said = (
        f'<span class="cm-item-message" role="status">{inline(problem)}</span>'
        if problem
        else f'<span class="cm-facts">{announced(lab.seconds(**values), page.lang)}</span>'
    )
    off = " disabled" if running or problem else ""
    button = f'<button type="button" class="cm-primary" data-act="run"{off}>{page.text("labs.run")}</button>'
    return f'<div class="cm-try-go">{button}{said}</div>'


def _control(page: Page, lab: Lab, control: Control, value: Any) -> str:
    title = inline(named(lab.name, "control", control.name, page.lang))
    hint = phrase(lab.name, f"hint_{control.name}", page.lang) if f"hint_{control.name}" in words(lab.name) else ""
    under = f'<small class="cm-facts">{inline(hint)}</small>' if hint else ""
    if isinstance(control, Choice):
        return _choice(page, lab, control, value, title) + under
    if isinstance(control, Range):
        return _slider(control, float(value), title) + under
    if isinstance(control, Words):
        return _words(control, str(value), title) + under
    if isinstance(control, File):
        return _file(page, control, title) + under
    return _drawing(page, control, str(value), title) + under


def _choice(page: Page, lab: Lab, control: Choice, value: Any, title: str) -> str:
    def option(one: str) -> str:
        on = " checked" if one == str(value) else ""
        said = inline(named(lab.name, "value", one, page.lang))
        return (
            f'<label><input type="radio" name="{control.name}" value="{attribute(one)}"{on}><span>{said}</span></label>'
        )

    return f'<fieldset class="cm-radio"><legend>{title}</legend>{"".join(map(option, control.values))}</fieldset>'


def _slider(control: Range, value: float, title: str) -> str:
    ends = f'data-low="{control.low:.12g}" data-high="{control.high:.12g}"'
    kind = f'data-log="{int(control.log)}" data-whole="{int(control.whole)}"'
    reach = f'min="{control.low:.12g}" max="{control.high:.12g}" step="{control.step:.12g}" value="{value:.12g}"'
    if control.log:
        share = math.log(value / control.low) / math.log(control.high / control.low)
        reach = f'min="0" max="{STEPS}" step="1" value="{round(STEPS * share)}"'
    return (
        f'<label class="cm-slide"><span>{title} <output>{cell(value)}</output></span>'
        f'<input type="range" {reach} {ends} {kind} data-name="{control.name}" data-value="{value:.12g}">'
        f'<span class="cm-ends"><i>{cell(control.low)}</i><i>{cell(control.high)}</i></span></label>'
    )


def _words(control: Words, value: str, title: str) -> str:
    field = f'name="{control.name}" rows="{control.lines}" spellcheck="false"'
    return f'<label class="cm-lab-words"><span>{title}</span><textarea {field}>{inline_text(value)}</textarea></label>'


def inline_text(value: str) -> str:
    """What stands between the tags of a text area: a first line break of its own would be lost."""
    return "\n" + attribute(value)


def _file(page: Page, control: File, title: str) -> str:
    accept = attribute(",".join(control.suffixes))
    said = {
        "sample": page.text("labs.sample_file"),
        "own": page.text("labs.own_file", name="\u0001"),
        "failed": page.text("labs.not_uploaded", name="\u0001"),
    }
    kept = "".join(f' data-{key}="{attribute(words_)}"' for key, words_ in said.items())
    return (
        f'<div class="cm-lab-file"{kept}><span>{title}</span><div class="cm-lab-drop"><p>{page.text("labs.drop_file")}</p>'
        f'<button type="button" class="cm-pill" data-act="pick">{page.text("labs.pick_file")}</button>'
        f'<img class="cm-lab-thumb" alt="" hidden><p class="cm-lab-which">{said["sample"]}</p>'
        f'<button type="button" class="cm-link" data-act="sample" hidden>{page.text("labs.back_to_sample")}</button></div>'
        f'<input type="file" accept="{accept}" hidden><input type="hidden" name="{control.name}" value=""></div>'
    )


def _drawing(page: Page, control: Drawing, value: str, title: str) -> str:
    return (
        f'<div class="cm-lab-drawing" data-size="{control.size}"><span>{title}</span>'
        f'<canvas width="280" height="280" role="img" aria-label="{attribute(page.text("labs.draw_here"))}"></canvas>'
        f'<div><span class="cm-facts">{page.text("labs.draw_here")}</span> '
        f'<button type="button" class="cm-pill" data-act="clear">{page.text("labs.clear")}</button></div>'
        f'<input type="hidden" name="{control.name}" value="{attribute(value)}"></div>'
    )
