"""The right column: the sentence that proves a question, where it stands, and what a right answer must hold."""

from __future__ import annotations

from typing import Any

from app.ui.i18n import locator_label
from app.ui.markup import inline
from app.ui.page import Page
from chains.matching import squeeze
from evals.questions import Entry, normal
from models.errors import CourseMateError
from models.types import Chunk


def nothing(page: Page) -> str:
    """Before a question has been chosen."""
    return f'<p class="cm-empty">{page.text("sets.choose_question")}</p>'


def panel(page: Page, entry: Entry) -> str:
    """What is known about one question."""
    case = entry.case
    parts = [f'<p class="cm-proof-question">{inline(case.question)}</p>']
    if not entry.decided:
        parts.append(_note(page, "sets.undecided_help"))
    elif not case.answerable:
        parts.append(_note(page, "sets.no_answer_help"))
    elif case.evidence:
        parts.append(_evidence(page, entry))
    else:
        parts.append(_note(page, "sets.no_evidence"))
    if case.reference:
        parts.append(_titled(page, "field_reference", inline(case.reference)))
    if case.must_include:
        groups = "".join(f"<li>{inline(' / '.join(group))}</li>" for group in case.must_include)
        parts.append(_titled(page, "field_must_include", f"<ul>{groups}</ul>"))
    if entry.note:
        parts.append(_titled(page, "note", inline(entry.note)))
    return f'<div class="cm-proof">{"".join(parts)}</div>'


def _note(page: Page, key: str) -> str:
    return f'<p class="cm-empty">{page.text(key)}</p>'


def _titled(page: Page, key: str, html: str) -> str:
    return f'<h6>{page.text(f"sets.{key}")}</h6><div class="cm-proof-part">{html}</div>'


def _evidence(page: Page, entry: Entry) -> str:
    case = entry.case
    chunk, absent = find(page, case.documents, case.evidence)
    name = chunk.source if chunk else ", ".join(case.documents)
    place = locator_label(chunk.locator, page.lang) if chunk else ""
    head = f"<b>{inline(name)}</b>" + (f' <span class="cm-place">{inline(place)}</span>' if place else "")
    lines = "".join(f"<mark>{inline(line)}</mark><br>" for line in case.evidence.split("\n"))
    warning = ""
    if absent:
        warning = f'<p class="cm-item-message">{page.text("sets.absent", names=", ".join(absent))}</p>'
    elif chunk is None:
        warning = f'<p class="cm-item-message">{page.text("sets.not_found")}</p>'
    return (
        f'<h6>{page.text("sets.field_evidence")}</h6><article class="cm-source"><div class="cm-source-title">{head}</div>'
        f'<div class="cm-passage">{lines}</div></article>{warning}'
    )


def find(page: Page, documents: tuple[str, ...], evidence: str) -> tuple[Chunk | None, list[str]]:
    """The piece that holds the sentence, and the gold documents that the collection lacks."""
    try:
        store: Any = page.context.store()
        by_name = {normal(record.source): record for record in store.documents()}
    except CourseMateError:
        return None, []
    absent = [name for name in documents if name not in by_name]
    wanted = squeeze(evidence)
    for name in documents:
        if name in by_name:
            chunks = store.chunks_of(by_name[name].id)
            found = next((chunk for chunk in chunks if wanted in squeeze(chunk.text)), None)
            if found:
                return found, absent
    return None, absent
