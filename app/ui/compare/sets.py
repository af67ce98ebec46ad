"""Choosing a question set: those of this home, then those that ship."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.questionsets import QuestionSets
from app.ui.page import Page
from models.errors import InputError

if TYPE_CHECKING:
    from evals.base import Case

SHIPPED = "shipped/"


def choices(page: Page) -> list[tuple[str, str]]:
    """(label, value) for a Dropdown; sets without a question are left out."""
    listed = []
    for info in QuestionSets(page.context.home).infos():
        label = page.text("batch.shipped_set", name=info.name) if info.shipped else info.name
        if info.count:
            listed.append((f"{label} · {info.count}", (SHIPPED if info.shipped else "") + info.name))
    return listed


def load(page: Page, value: str | None, count: int) -> tuple[str, list[Case]]:
    """The set's name and its decided questions, `count` of them spread evenly over the set, 0 for all. Raises InputError."""
    from evals.questions import load_cases

    if not value:
        raise InputError(detail="No question set is chosen; choose one.", text_key="batch.no_set")
    path = QuestionSets(page.context.home).path(value.removeprefix(SHIPPED), value.startswith(SHIPPED))
    cases = load_cases([path])
    wanted = len(cases) if count <= 0 else min(count, len(cases))
    return path.stem, [cases[(2 * i + 1) * len(cases) // (2 * wanted)] for i in range(wanted)]
