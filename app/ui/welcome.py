"""What stands in the middle before anything has been asked: a greeting and first questions, or how far the start is."""

from __future__ import annotations

from collections.abc import Sequence

from app.ui.answers import link
from app.ui.markup import attribute, inline
from app.ui.page import Page
from app.ui.suggest import first_questions
from models.errors import CourseMateError


def welcome(page: Page) -> str:
    """The greeting's HTML; quick, and without suggestions while the documents are not there."""
    if page.context.status().state != "ready":
        return _frame(page, f'<p class="cm-lead">{page.text("welcome.starting")}</p>')
    try:
        store = page.context.store()
        count = len(store.documents())
        questions = first_questions(store, page.lang)
    except CourseMateError:
        count, questions = 0, []
    if not count:
        add = link("library", page.text("chat.add_documents"))
        return _frame(page, f'<p class="cm-lead">{page.text("welcome.no_documents")} {add}</p>')
    lead = page.text("welcome.lead", count=count)
    return _frame(page, f'<p class="cm-lead">{lead}</p><div class="cm-cards">{suggestions(questions)}</div>')


def _frame(page: Page, body: str) -> str:
    return f'<section class="cm-welcome"><h2>{page.text("welcome.title")}</h2>{body}</section>'


def suggestions(questions: Sequence[str]) -> str:
    """Questions as buttons that ask themselves."""
    return "".join(
        f'<button type="button" class="cm-pill" data-act="suggest" data-text="{attribute(q)}">{inline(q)}</button>'
        for q in questions
    )
