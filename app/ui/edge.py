"""The page's edge, where an error becomes words for the reader; one that nobody foresaw is logged with its trace.

with caught(page) as failure:
    yield from work()
if failure.words: …
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.ui.i18n import localize
from app.ui.page import Page
from models.errors import CourseMateError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Failure:
    """What went wrong; words: in the page's language, "" where nothing did."""

    error: Exception | None = None
    words: str = ""


@contextmanager
def caught(page: Page, broken: str = "chat.broken") -> Iterator[Failure]:
    """Ends the block at its first error. broken: the text for one that is not ours."""
    failure = Failure()
    try:
        yield failure
    except CourseMateError as error:
        failure.error, failure.words = error, localize(error, page.lang)
    except Exception as error:
        log.exception("the page could not do what it was asked for")
        failure.error, failure.words = error, page.text(broken)
