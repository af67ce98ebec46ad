"""What a reader has chosen on the left, as choices of the page and as a request for the summarizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.ui.lacks import require
from app.ui.page import Page
from chains.summaries.base import Plan, Request
from chains.summaries.planning import strategies
from chains.summaries.reading import heading_names, material_of
from chains.summaries.styles import audiences, find_style, styles
from models.errors import CourseMateError, InputError
from models.types import Chunk

BUDGETS_MIN = (1, 2, 4, 8, 15, 30, 60)
USUAL_MIN = 4
MOST_HEADINGS = 400


@dataclass(frozen=True, slots=True)
class Wish:
    """documents: ids. headings: none for all. minutes: of this computer's own model."""

    documents: tuple[str, ...]
    headings: tuple[str, ...]
    style: str
    audience: str
    strategy: str
    backend: str
    minutes: float

    @classmethod
    def of(cls, values: Sequence[Any]) -> Wish:
        """Of the components' values, in the order of the fields."""
        documents, headings, style, audience, strategy, backend, minutes = values
        return cls(
            tuple(documents or ()),
            tuple(headings or ()),
            style or styles()[0].id,
            audience or "",
            strategy or "",
            backend,
            float(minutes or USUAL_MIN),
        )


def document_choices(page: Page) -> list[tuple[str, str]]:
    """(name, id) of every document; none while the application is starting."""
    if page.context.status().state != "ready":
        return []
    try:
        return sorted((document.source, document.id) for document in page.context.store().documents())
    except CourseMateError:
        return []


def heading_choices(page: Page, documents: Sequence[str]) -> list[str]:
    """Headings of the chosen documents, in reading order."""
    return heading_names(_chunks(page, documents))[:MOST_HEADINGS] if documents else []


def style_choices(page: Page) -> list[tuple[str, str]]:
    return [(style.name(page.lang), style.id) for style in styles()]


def audience_choices(page: Page) -> list[tuple[str, str]]:
    return [(audience.name(page.lang), audience.id) for audience in audiences()]


def strategy_choices(page: Page) -> list[tuple[str, str]]:
    """Every strategy, the choice by length first."""
    own = [(page.text(f"summary.strategy_{name}"), name) for name in strategies()]
    return [(page.text("summary.strategy_auto"), ""), *own]


def budget_choices(page: Page) -> list[tuple[str, int]]:
    return [(page.text("summary.budget_choice", minutes=minutes), minutes) for minutes in BUDGETS_MIN]


def plan_of(page: Page, wish: Wish) -> Plan:
    """The plan for a wish. Raises InputError, and MissingError where the backend lacks something."""
    if not wish.documents:
        raise InputError(detail="Choose a document to summarise", text_key="summary.pick_document")
    require(page.context.backends(), wish.backend, page.lang)
    material = material_of(_chunks(page, wish.documents), wish.headings)
    request = Request(material, find_style(wish.style), wish.audience, wish.strategy, wish.backend, 60.0 * wish.minutes)
    plan: Plan = page.context.summarizer().plan(request)
    return plan


def _chunks(page: Page, documents: Sequence[str]) -> list[Chunk]:
    store = page.context.store()
    return [chunk for document in documents for chunk in store.chunks_of(document)]
