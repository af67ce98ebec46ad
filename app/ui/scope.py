"""The choice of documents an answer may rest on. The shipped course is one entry, every other document its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.ui.page import Page
from models.errors import CourseMateError

COURSE = "course"


@dataclass(frozen=True, slots=True)
class Scoped:
    """entries: (label, value, ids of its documents); chosen: the values that are ticked."""

    entries: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    chosen: tuple[str, ...] = ()

    def labels(self) -> list[tuple[str, str]]:
        """Choices for a CheckboxGroup."""
        return [(label, value) for label, value, _ in self.entries]


def choices(page: Page, chosen: Sequence[str], before: Scoped | None) -> Scoped:
    """What can be chosen now. A new entry comes ticked, an old one stays as it was."""
    known = {value for _, value, _ in before.entries} if before else set()
    entries = _entries(page)
    ticked = tuple(value for _, value, _ in entries if value in chosen or value not in known)
    return Scoped(entries, ticked)


def _entries(page: Page) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    if page.context.status().state != "ready":
        return ()
    try:
        documents = sorted(page.context.store().documents(), key=lambda d: d.source)
    except CourseMateError:
        return ()
    course_files = {file.resolve() for file in page.context.course_files()}
    shipped = tuple(d.id for d in documents if Path(d.path).resolve() in course_files)
    course = ((page.text("chat.course", count=len(shipped)), COURSE, shipped),) if shipped else ()
    return course + tuple((d.source, d.id, (d.id,)) for d in documents if d.id not in shipped)


def documents_of(chosen: Sequence[str], offered: Scoped | None) -> tuple[str, ...]:
    """Ids of the chosen documents; empty, which means all, where everything or nothing is ticked."""
    if not offered or not chosen or len(chosen) == len(offered.entries):
        return ()
    return tuple(doc for _, value, ids in offered.entries if value in chosen for doc in ids)
