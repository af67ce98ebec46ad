"""What forms that make something of the course let people choose from: its documents, and the backends that can help."""

from __future__ import annotations

from collections.abc import Sequence

from app.ui.lacks import label_of
from app.ui.markup import attribute, inline
from app.ui.page import Page
from models.errors import CourseMateError


def document_names(page: Page) -> list[str]:
    """What the collection holds, sorted; [] while it is not there."""
    if page.context.status().state != "ready":
        return []
    try:
        return sorted(document.source for document in page.context.store().documents())
    except CourseMateError:
        return []


def documents(page: Page, names: Sequence[str], title: str, *, opened: bool = False) -> str:
    """A box a document, all ticked, folded under a title; the summary says how many are chosen (static/page.js)."""
    boxes = "".join(
        f'<label><input type="checkbox" name="document" value="{attribute(name)}" checked><span>{inline(name)}</span></label>'
        for name in names
    )
    return (
        f"<details{' open' if opened else ''}><summary>{title} "
        f'<span class="cm-chosen" data-all="{page.text("study.all")}"></span></summary>'
        f'<div class="cm-make-all"><button type="button" class="cm-link" data-act="all">{page.text("study.all")}</button> · '
        f'<button type="button" class="cm-link" data-act="none">{page.text("study.none")}</button></div>'
        f'<div class="cm-boxes">{boxes}</div></details>'
    )


def backends(page: Page) -> list[tuple[str, str]]:
    """(name, label) of those that lack nothing; the one for tests is none of them."""
    found = (info for info in page.context.backends() if info.missing is None and info.name != "fake")
    return [(info.name, label_of(info, page.lang)) for info in found]


def options(values: Sequence[tuple[str, str]]) -> str:
    """The <option>s of a <select>: (value, what is shown)."""
    return "".join(f'<option value="{attribute(value)}">{inline(shown)}</option>' for value, shown in values)
