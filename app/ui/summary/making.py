"""A summary from the click on start to its last sentence, as a stream of changes of the page. Knows no Gradio."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from app.ui.edge import caught
from app.ui.page import Page
from app.ui.summary import views
from app.ui.summary.export import markdown
from app.ui.summary.views import Growing
from chains.summaries.base import PartBegun, PartDone, PartToken, Plan, Summarised, Summary
from models.types import Chunk

log = logging.getLogger(__name__)
REFRESH_S = 0.2


@dataclass(frozen=True, slots=True)
class Change:
    """What of the page changes; None leaves a part as it is. summary: the last change has it, unless nothing came of it."""

    body: str | None = None
    sources: str | None = None
    summary: Summary | None = None
    finished: bool = False


def make(page: Page, plan: Plan, cancel: threading.Event) -> Iterator[Change]:
    """Everything until the summary stands or has ended early; the last change is finished."""
    growing, summary, shown_at = Growing(plan), None, 0.0
    yield Change(views.growing_html(growing, page.lang), views.sources_html((), {}, page.lang))
    with caught(page) as failure:
        for event in page.context.summarizer().stream(plan, cancel, page.context.ask_options().limits):
            if isinstance(event, PartBegun):
                growing.now, growing.draft = event, ""
            elif isinstance(event, PartToken):
                growing.draft += event.text
            elif isinstance(event, PartDone):
                growing.parts.append(event.part)
                growing.now, growing.draft = None, ""
            elif isinstance(event, Summarised):
                summary = event.summary
            if not isinstance(event, PartToken) or time.monotonic() - shown_at >= REFRESH_S:
                shown_at = time.monotonic()
                yield Change(views.growing_html(growing, page.lang))
    if failure.words:
        yield Change(views.failure_html(failure.words), finished=True)
    elif summary is not None:
        yield Change(body(page, summary), sources(page, summary), summary, finished=True)


def body(page: Page, summary: Summary) -> str:
    """The middle for a summary that has ended, well or early."""
    return views.summary_html(summary, markdown(summary, page.lang), page.lang)


def sources(page: Page, summary: Summary) -> str:
    """The right for a summary."""
    return views.sources_html(summary.citations, _chunks(page, summary), page.lang)


def _chunks(page: Page, summary: Summary) -> dict[str, Chunk]:
    return {line.chunk.id: line.chunk for line in summary.plan.request.material.lines}
