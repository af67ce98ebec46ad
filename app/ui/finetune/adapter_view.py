"""Adapters as HTML: the list, one with its scores and what can be done with it, two answers side by side, its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.ui.i18n import catalog
from app.ui.markup import attribute, blocks, inline
from app.ui.page import Page

if TYPE_CHECKING:
    from finetune.adapter import Adapter

MB = 1e6
FORMS = ("zip", "gguf")
MOST_BYTES = 2_000_000_000


def listing(page: Page, adapters: Sequence[Adapter], chosen: str, used: str, broken: Mapping[str, str]) -> str:
    """All adapters. used: the one that answers the chat; broken: names whose files cannot be read, and why."""
    rows = "".join(_row(page, adapter, adapter.name == chosen, adapter.name == used) for adapter in adapters)
    bad = "".join(
        f'<li class="cm-broken" data-name="{attribute(name)}"><b>{inline(name)}</b><p class="cm-item-message">{inline(why)}</p>'
        f"{_button(page, 'remove', danger=True)}</li>"
        for name, why in broken.items()
    )
    empty = f'<p class="cm-empty">{page.text("bench.no_adapters")}</p>'
    return f'<h6>{page.text("bench.adapters")}</h6><ol class="cm-rows">{rows}{bad}</ol>{"" if rows or bad else empty}'


def _row(page: Page, adapter: Adapter, on: bool, used: bool) -> str:
    told = adapter.to_dict()
    kept = page.text("bench.shipped") if adapter.shipped else str(told["created"])[:10]
    mark = f'<em class="cm-badge cm-badge-running">{page.text("bench.in_use")}</em>' if used else ""
    return (
        f'<li><button type="button" class="cm-step-row{" on" if on else ""}" data-act="choose" data-name="{attribute(adapter.name)}">'
        f'<b>{inline(adapter.name)}</b><span class="cm-line-of"><span>{inline(str(told["method"]))} · {inline(str(told["base"]))} · {kept}</span>'
        f"{mark}</span></button></li>"
    )


def _button(page: Page, act: str, danger: bool = False, primary: bool = False) -> str:
    kind = "cm-primary" if primary else "cm-pill cm-danger" if danger else "cm-pill"
    sure = f' data-sure="{attribute(page.text("bench.sure"))}"' if danger else ""
    return f'<button type="button" class="{kind}" data-act="{act}"{sure}>{page.text(f"bench.{act}")}</button>'


def drop_zone(page: Page) -> str:
    """Where an exported adapter comes back in."""
    return (
        f'<h6>{page.text("bench.import_adapter")}</h6><div class="cm-dropzone cm-dropzone-small" data-limit="{MOST_BYTES}">'
        f'<p>{page.text("bench.import_adapter_lead")}</p><button type="button" class="cm-pill" data-act="pick">{page.text("bench.pick")}</button>'
        f'<input type="file" accept=".zip,.gguf" hidden><p class="cm-uploading" hidden>{page.text("library.uploading")}</p></div>'
    )


def nothing(page: Page) -> str:
    """Where no adapter is chosen."""
    return f'<p class="cm-empty">{page.text("bench.choose_adapter")}</p>'


def whole(page: Page, adapter: Adapter, used: bool) -> str:
    """One adapter, with what can be done with it."""
    told = adapter.to_dict()
    facts = {
        "method": told["method"],
        "base": told["base"],
        "data": told["data"],
        "steps": told["steps"] or "",
        "size": f"{adapter.size_bytes / MB:,.1f} MB",
        "prompt": told["prompt"],
    }
    shown = "".join(
        f"<dt>{page.text(f'bench.on_{name}')}</dt><dd>{inline(str(value))}</dd>"
        for name, value in facts.items()
        if value
    )
    files = "".join(
        f'<a class="cm-pill" href="adapter/{quote(adapter.name, safe="")}.{form}" download>{form.upper()}</a>'
        for form in FORMS
        if form == "zip" or adapter.is_lora or adapter.gguf
    )
    changes = "" if adapter.shipped else _rename(page) + _button(page, "remove", danger=True)
    use = _button(page, "unuse") if used else _button(page, "use", primary=True)
    return (
        f'<article class="cm-adapter" data-name="{attribute(adapter.name)}"><header class="cm-run-head"><h3>{inline(adapter.name)}</h3>'
        f'<div class="cm-acts">{use}</div></header><dl class="cm-pairs">{shown}</dl>'
        f'<div class="cm-acts cm-adapter-acts"><span class="cm-facts">{page.text("bench.export")}</span>{files}{changes}</div>'
        f"{scores(page, adapter)}</article>"
    )


def _rename(page: Page) -> str:
    return (
        f'<form class="cm-inline" data-event="rename"><input name="new" maxlength="60" required aria-label="{attribute(page.text("bench.new_name"))}" '
        f'placeholder="{attribute(page.text("bench.new_name"))}"><button class="cm-pill">{page.text("bench.rename")}</button></form>'
    )


def scores(page: Page, adapter: Adapter) -> str:
    """What its run and its evaluation say, as a table; the evaluation's metrics have base and tuned."""
    run = {name: value for name, value in adapter.made.scores.items() if isinstance(value, int | float)}
    rows = "".join(f"<div><dt>{_name(page, name)}</dt><dd>{_figure(value)}</dd></div>" for name, value in run.items())
    if not rows:
        return ""
    return f'<h4>{page.text("bench.scores")}</h4><section class="cm-probe"><dl>{rows}</dl></section>'


def _figure(value: float) -> str:
    """A loss with three places, so that a small change of it is seen; a count as it is."""
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def _name(page: Page, name: str) -> str:
    key = f"bench.score_{name}"
    return page.text(key) if key in catalog(page.lang) else inline(name)


def trying(page: Page, strength: float) -> str:
    """A question and how much the adapter counts."""
    return (
        f'<form class="cm-try" data-event="ask"><h4>{page.text("bench.try_adapter")}</h4>'
        f'<label class="cm-slide"><span>{page.text("bench.strength")} <output>{strength:.2f}</output></span>'
        f'<input type="range" name="strength" min="0" max="1.5" step="0.05" value="{strength}">'
        f"<span class='cm-ends'><i>0 · {page.text('bench.is_base')}</i><i>1.5</i></span></label>"
        f'<div class="cm-inline cm-wide"><input name="question" required maxlength="500" aria-label="{attribute(page.text("bench.question"))}" '
        f'placeholder="{attribute(page.text("bench.question"))}"><button class="cm-primary">{page.text("bench.ask")}</button></div></form>'
    )


def answers(page: Page, sides: Sequence[tuple[str, str, bool]]) -> str:
    """Title, text and whether it is still being written, side by side."""
    shown = "".join(
        f'<article class="cm-answer"><h5>{inline(title)}</h5><div class="cm-body">{blocks(text)}{"<span class=cm-cursor></span>" if busy else ""}</div></article>'
        for title, text, busy in sides
    )
    return f'<div class="cm-answers">{shown}</div>'


def card(page: Page, text: str) -> str:
    """The model card, without the head that is for the hub's machines."""
    text = text.removeprefix("---\n").partition("\n---\n")[2] if text.startswith("---\n") else text
    body = blocks(text) if text else f'<p class="cm-empty">{page.text("bench.no_card")}</p>'
    return f'<h6>{page.text("bench.card")}</h6><div class="cm-body cm-card-text">{body}</div>'
