"""The left column: what a set is made from, how far that has come, and the sets that are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.studies import Kept
from app.ui import picking
from app.ui.icons import icon
from app.ui.markup import inline
from app.ui.page import Page
from chains.study.base import KINDS

COUNTS = {"quiz": 10, "flashcards": 20, "glossary": 30, "guide": 0}


def form(page: Page) -> str:
    """Documents, kind, how many, with whose help."""
    names = picking.document_names(page)
    if not names:
        return f'<p class="cm-empty">{page.text("study.no_documents")}</p>'
    kinds = "".join(
        f'<option value="{kind}" data-count="{COUNTS[kind]}">{page.text(f"study.kind_{kind}")}</option>'
        for kind in KINDS
    )
    backends = picking.options([("", page.text("study.no_backend")), *picking.backends(page)])
    return (
        f'<form class="cm-make cm-study-form">{_field(page, "kind", f"<select name=kind>{kinds}</select>")}'
        f"{picking.documents(page, names, page.text('study.documents'), opened=True)}"
        + _field(
            page, "count", f'<input type="number" name="count" min="0" max="300" value="{COUNTS["quiz"]}" required>'
        )
        + f'<p class="cm-facts cm-weeks-hint" hidden>{page.text("study.weeks_hint")}</p>'
        + f'<div class="cm-with">{_field(page, "backend", f"<select name=backend>{backends}</select>")}'
        f'<p class="cm-facts">{page.text("study.backend_hint")}</p></div>'
        f'<button class="cm-primary">{page.text("study.go")}</button></form>'
    )


def _field(page: Page, name: str, control: str) -> str:
    return f'<label class="cm-field"><span>{page.text(f"study.{name}")}</span>{control}</label>'


def kept(page: Page, sets: Sequence[Kept], chosen: str) -> str:
    """The sets there are, newest first."""
    rows = "".join(_row(page, one, one.name == chosen) for one in sets)
    empty = f'<p class="cm-empty">{page.text("study.none_kept")}</p>'
    return f'<div class="cm-sets"><h6>{page.text("study.kept")}</h6>{rows or empty}</div>'


def _row(page: Page, one: Kept, on: bool) -> str:
    study = one.study
    title = f"{page.text(f'study.kind_{study.kind}')} · {study.documents[0] if study.documents else ''}"
    more = f" +{len(study.documents) - 1}" if len(study.documents) > 1 else ""
    facts = f"{study.count} · {one.made_at[:16].replace('T', ' ')}"
    if study.items:
        facts = page.text("study.progress", done=len(one.answers), total=len(study.items)) + f" · {one.made_at[5:10]}"
    label = page.text("study.delete")
    return (
        f'<div class="cm-set{" on" if on else ""}" data-set="{one.name}">'
        f'<button type="button" class="cm-name" data-act="choose">{inline(title)}{more}</button>'
        f'<span class="cm-facts">{facts}</span><span class="cm-set-acts"><button type="button" class="cm-act" '
        f'data-act="delete" aria-label="{label}" title="{label}">{icon("trash")}</button></span></div>'
    )


def progress(page: Page, stage: str, done: int, total: int, note: str, stopping: bool) -> str:
    """How far the making has come, and how to stop it. note: how long a model will take, "" without one."""
    percent = round(100 * done / max(1, total))
    words = page.text("study.stopping") if stopping else page.text(f"study.{stage}", done=done, total=total)
    more = f'<span class="cm-facts">{inline(note)}</span>' if note else ""
    return (
        f'<div class="cm-making" role="status"><span class="cm-facts">{words} · <span class="cm-elapsed"></span></span>{more}'
        f'<span class="cm-progress"><u style="width:{percent}%"></u></span>'
        f'<button type="button" class="cm-pill" data-act="stop">{page.text("study.stop")}</button></div>'
    )


def ended(page: Page, said: Sequence[str], dropped: Mapping[str, int], bad: bool = False) -> str:
    """How the making ended, with what was left out and why."""
    reasons = "".join(
        f"<li>{page.text('study.dropped', n=count, why=page.text(f'study.why_{reason}'))}</li>"
        for reason, count in dropped.items()
    )
    more = f'<ul class="cm-facts">{reasons}</ul>' if reasons else ""
    lines = "<br>".join(inline(line) for line in said)
    return f'<div class="cm-said{" cm-bad" if bad else ""}" role="status">{lines}{more}</div>'
