"""The left column: the sets, where files are dropped, what a new set is made from, and how far that has come."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from app.questionsets import SetInfo
from app.ui import picking
from app.ui.icons import icon
from app.ui.markup import attribute, inline
from app.ui.page import Page
from app.ui.sets.view import View

COUNT = 30


def sets(page: Page, infos: Sequence[SetInfo], view: View) -> str:
    """All sets, own ones first, with what can be done with each."""
    own = "".join(_set(page, info, view) for info in infos if not info.shipped)
    shipped = "".join(_set(page, info, view) for info in infos if info.shipped)
    empty = f'<p class="cm-empty">{page.text("sets.none")}</p>'
    collect = f'<button type="button" class="cm-pill" data-act="collect">{page.text("sets.collect")}</button>'
    return (
        f'<div class="cm-sets"><h6>{page.text("sets.own")}</h6>{own or empty}<div class="cm-set-tools">{collect}</div>'
        + (f"<h6>{page.text('sets.shipped')}</h6>{shipped}" if shipped else "")
        + "</div>"
    )


def _set(page: Page, info: SetInfo, view: View) -> str:
    on = info.name == view.name and info.shipped == view.shipped
    counts = page.text("sets.count", n=info.count)
    if info.open:
        counts += f' · <b class="cm-set-open">{page.text("sets.open", n=info.open)}</b>'
    if info.broken:
        counts = f'<span class="cm-danger">{page.text("sets.broken")}</span>'
    shipped = "yes" if info.shipped else ""
    name = attribute(info.name)
    return (
        f'<div class="cm-set{" on" if on else ""}" data-set="{name}" data-shipped="{shipped}">'
        f'<button type="button" class="cm-name" data-act="choose" title="{name}">{inline(info.name)}</button>'
        f'<span class="cm-facts">{counts}</span>{_tools(page, info)}</div>'
    )


def _tools(page: Page, info: SetInfo) -> str:
    where = "shipped" if info.shipped else "own"
    address = attribute(f"questions/{where}/{quote(info.name, safe='')}.jsonl")
    export = (
        f'<a class="cm-act" href="{address}" download aria-label="{page.text("sets.export")}" '
        f'title="{page.text("sets.export")}">{icon("down_arrow")}</a>'
    )
    if info.shipped:
        return f'<span class="cm-set-acts">{export}</span>'
    buttons = "".join(
        f'<button type="button" class="cm-act" data-act="{act}" aria-label="{page.text(f"sets.{act}")}" '
        f'title="{page.text(f"sets.{act}")}">{icon(image)}</button>'
        for act, image in (("rename", "edit"), ("delete", "trash"))
    )
    rename = (
        f'<form class="cm-set-rename" hidden><input value="{attribute(info.name)}" maxlength="60" '
        f'aria-label="{page.text("sets.rename")}"><button class="cm-pill">{page.text("sets.save")}</button></form>'
    )
    sure = (
        f'<span class="cm-sure" hidden>{page.text("sets.sure")} '
        f'<button type="button" class="cm-pill cm-danger" data-act="delete-yes">{page.text("sets.delete")}</button>'
        f'<button type="button" class="cm-pill" data-act="delete-no">{page.text("sets.cancel")}</button></span>'
    )
    return f'<span class="cm-set-acts">{export}{buttons}</span>{rename}{sure}'


def drop_zone(page: Page, limit_bytes: int) -> str:
    """Where a spreadsheet or a JSONL file is dropped."""
    return (
        f'<h6>{page.text("sets.import")}</h6><div class="cm-dropzone cm-dropzone-small" data-limit="{limit_bytes}">'
        f'<button type="button" class="cm-pill" data-act="pick">{page.text("sets.pick")}</button>'
        f'<input type="file" multiple hidden accept=".csv,.tsv,.xlsx,.jsonl" aria-label="{page.text("sets.pick")}">'
        f"<p>{page.text('sets.formats')}</p>"
        f'<p class="cm-uploading" role="status" hidden>{page.text("library.uploading")}</p></div>'
    )


def form(page: Page) -> str:
    """What a new set is made from: documents, how many, with whose help."""
    names = picking.document_names(page)
    if not names:
        return f'<h6>{page.text("sets.make")}</h6><p class="cm-empty">{page.text("sets.no_documents")}</p>'
    backends = picking.options([("", page.text("sets.no_backend")), *picking.backends(page)])
    return (
        f'<h6>{page.text("sets.make")}</h6><form class="cm-make">'
        f"{picking.documents(page, names, page.text('sets.documents'))}"
        f'<label class="cm-field"><span>{page.text("sets.how_many")}</span>'
        f'<input type="number" name="count" min="1" max="1000" value="{COUNT}" required></label>'
        f'<label class="cm-field"><span>{page.text("sets.reword")}</span><select name="backend">{backends}</select></label>'
        f'<button class="cm-primary">{page.text("sets.make_go")}</button></form>'
    )


def progress(page: Page, stage: str, done: int, total: int, stopping: bool = False) -> str:
    """How far the making has come, and how to stop it."""
    percent = round(100 * done / max(1, total))
    words = page.text("sets.stopping") if stopping else page.text(f"making.{stage}", done=done, total=total)
    return (
        f'<div class="cm-making" role="status"><span class="cm-facts">{words} · <span class="cm-elapsed"></span></span>'
        f'<span class="cm-progress"><u style="width:{percent}%"></u></span>'
        f'<button type="button" class="cm-pill" data-act="stop">{page.text("sets.stop")}</button></div>'
    )


def ended(page: Page, said: str, dropped: dict[str, int] | None = None, bad: bool = False) -> str:
    """How the making or an import ended; lines of `said` stay lines."""
    reasons = "".join(
        f"<li>{page.text('making.dropped', n=count, why=page.text(f'making.why_{reason}'))}</li>"
        for reason, count in (dropped or {}).items()
        if count
    )
    more = f'<ul class="cm-facts">{reasons}</ul>' if reasons else ""
    lines = "<br>".join(inline(line) for line in said.split("\n"))
    return f'<div class="cm-said{" cm-bad" if bad else ""}" role="status">{lines}{more}</div>'
