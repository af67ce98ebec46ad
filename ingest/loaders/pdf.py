"""PDF through PDFium: one page of text for each page, bookmarks as headings, running heads and feet left out.

PDFium was chosen by its output on Korean samples: it reads fonts that pypdf and pdfminer turn into noise, keeps the order
of lines and tells characters without a text map apart. Measured with all that is done here: 5-20 ms a page. It is not
safe in two threads: see LOCK.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ingest.base import Limits, Page
from ingest.decoding import is_text
from ingest.loaders.pdf_text import PageTable, TextLine, paragraphs, read_page
from ingest.markup import HeadingPath
from models.errors import DocumentError
from models.types import Locator

LOCK = threading.RLock()  # held around every call into PDFium
SAMPLED_PAGES = 12
EDGE_LINES = 2  # lines at a page's top and bottom that may be running heads and feet
_DIGITS = re.compile(r"\d+|\s+")
_WORDS = re.compile(r"\W+")
Item = TextLine | PageTable
Bookmark = tuple[int, str]  # level from 1, title


class PdfLoader:
    """Text layer of a PDF; scanned pages are `no_text`."""

    format = "pdf"
    suffixes = (".pdf",)
    text_based = False

    def sniff(self, head: bytes, path: Path) -> bool:
        """A PDF header at the start, or after the little that some writers put before it."""
        return head.lstrip()[:5] == b"%PDF-" or (b"%PDF-" in head[:1024] and not is_text(head))

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """One page, or a few where bookmarks divide it, for each page with text."""
        document = _open(path)
        try:
            yield from _pages(document, path, limits)
        finally:
            with LOCK:
                document.close()


def _open(path: Path) -> Any:
    import pypdfium2
    import pypdfium2.raw as raw

    with LOCK:
        try:
            return pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
                raise DocumentError(path.name, "encrypted") from error
            raise DocumentError(path.name, "broken", "its PDF structure cannot be read") from error


def _pages(document: Any, path: Path, limits: Limits) -> Iterator[Page]:
    with LOCK:
        count, bookmarks = len(document), _bookmarks(document)
    if count > limits.pages:
        raise DocumentError(path.name, "too_large", f"{count} pages, the limit is {limits.pages}")
    sample = {number: _read(document, number) for number in _sampled(count)}
    running = _running_lines([items for items, _ in sample.values()])
    headings, found, dropped = HeadingPath(), False, 0
    for number in range(1, count + 1):
        items, noise = sample.pop(number) if number in sample else _read(document, number)
        dropped += noise
        for page in _sections(_without(items, running), number, bookmarks.get(number, []), headings):
            found = True
            yield page
    if not found:
        raise DocumentError(
            path.name, "no_text", f"{dropped} characters without a text map" if dropped else f"{count} pages"
        )


def _read(document: Any, number: int) -> tuple[list[Item], int]:
    """Items of a page, counted from 1, and the characters dropped as noise; an unreadable page is an empty one."""
    import pypdfium2

    with LOCK:
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError:
            return [], 0
        try:
            return read_page(page)
        except pypdfium2.PdfiumError:
            return [], 0
        finally:
            page.close()


def _bookmarks(document: Any) -> dict[int, list[Bookmark]]:
    """Page number -> its bookmarks; none where the outline is damaged."""
    import pypdfium2

    found: dict[int, list[Bookmark]] = {}
    try:
        for bookmark in document.get_toc(max_depth=6):
            destination = bookmark.get_dest()
            index = destination.get_index() if destination else None
            if index is not None:
                found.setdefault(index + 1, []).append((bookmark.level + 1, bookmark.get_title().strip()))
    except (pypdfium2.PdfiumError, ValueError):
        return {}
    return found


def _sampled(count: int) -> Sequence[int]:
    """Numbers of the pages that tell a document's running lines; none where too few pages could tell."""
    return range(1, count + 1, -(-count // SAMPLED_PAGES)) if count >= 3 else ()


def _running_lines(pages: Sequence[Sequence[Item]]) -> frozenset[str]:
    """Lines, without their numbers, that stand at the edge of most of the sampled pages."""
    counts = Counter(key for items in pages for key in {_key(line) for line in _edges(items)})
    return frozenset(key for key, seen in counts.items() if seen >= max(3, len(pages) * 0.5))


def _edges(items: Sequence[Item]) -> list[TextLine]:
    lines = [item for item in items if isinstance(item, TextLine)]
    return lines[:EDGE_LINES] + lines[max(EDGE_LINES, len(lines) - EDGE_LINES) :]


def _key(line: TextLine) -> str:
    return _DIGITS.sub(lambda match: "#" if match[0].strip() else "", line.text)


def _without(items: list[Item], running: frozenset[str]) -> list[Item]:
    """A page's items without its running lines; all of them where nothing else is on the page."""
    edges = [line for line in _edges(items) if _key(line) in running] if running else []
    return [item for item in items if not any(item is line for line in edges)] or items


def _sections(
    items: Sequence[Item], number: int, bookmarks: Sequence[Bookmark], headings: HeadingPath
) -> Iterator[Page]:
    """Pages for one page of the PDF, divided at the lines that its bookmarks name."""
    waiting = list(bookmarks)
    kept: list[Item] = []
    for item in items:
        if isinstance(item, TextLine) and waiting and (index := _named_by(item, waiting)) is not None:
            if text := _render(kept):
                yield Page(text, Locator(page=number, headings=headings.path))
            for level, title in waiting[: index + 1]:
                headings.push(level, title)
            kept, waiting = [], waiting[index + 1 :]
        kept.append(item)
    if text := _render(kept):
        yield Page(text, Locator(page=number, headings=headings.path))
    for level, title in waiting:
        headings.push(level, title)


def _named_by(line: TextLine, bookmarks: Sequence[Bookmark]) -> int | None:
    words = _WORDS.sub("", line.text)
    titles = (_WORDS.sub("", title) for _, title in bookmarks)
    return next(
        (
            index
            for index, title in enumerate(titles)
            if title and words.endswith(title) and len(words) < len(title) + 8
        ),
        None,
    )


def _render(items: Sequence[Item]) -> str:
    parts: list[str] = []
    lines: list[TextLine] = []
    for item in [*items, None]:
        if isinstance(item, TextLine):
            lines.append(item)
            continue
        parts += [paragraphs(lines)] if lines else []
        parts += [item.markdown()] if item else []
        lines = []
    return "\n\n".join(part for part in parts if part)


LOADER = PdfLoader()
