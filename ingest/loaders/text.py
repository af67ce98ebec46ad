"""Plain text, which in Korean courses is often Markdown by another name or has numbered headings (제1장, Ⅰ., 1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.base import Limits, Page
from ingest.cleaning import clean
from ingest.loaders.markdown import Heading, markdown_pages, read_text, scan, section_pages, split_front_matter

TITLE_CHARACTERS = 60
_NUMBERED = (  # level, form of the heading's number
    (1, re.compile(r"제?\s?\d{1,3}\s?(?:편|부)(?=[\s.:]|$)")),
    (
        2,
        re.compile(r"제?\s?\d{1,3}\s?(?:장|강|과|주차|일차|차시)(?=[\s.:]|$)|(?:[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ]|[IVX]{1,5}(?=\.))\.?\s"),
    ),
    (3, re.compile(r"제?\s?\d{1,3}\s?절(?=[\s.:]|$)")),
    (7, re.compile(r"\d{1,2}\.\d{1,2}\.\d{1,2}\.?\s")),
    (6, re.compile(r"\d{1,2}\.\d{1,2}\.?\s")),
    (5, re.compile(r"\d{1,2}\.\s")),
)
_TITLE_LEVEL = 8
_SENTENCE_END = re.compile(
    r"(?:[.?!,:;…]|[가-힣]다|[세어아해]요|[)\]\"'”’]|\t *\d{1,4}|[·.…]{3,} *\d{1,4})$"
)  # or a line of contents
_LIST_ITEM = re.compile(r"\s*(?:(?:[-*+•·▪○●※]|\d{1,3}[.)]|[가-하][.)]|\|)\s|[①-⑳㉠-㉭ⓐ-ⓩ])")
_ATX = re.compile(r"#{1,6} \S")


class TextLoader:
    """Sections of a text file where it has headings, otherwise one page."""

    format = "txt"
    suffixes = (".txt", ".text")
    text_based = True

    def sniff(self, head: bytes, path: Path) -> bool:
        """Never: plain text is what nothing else is."""
        return False

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """One page for each section."""
        text = read_text(path, limits)
        if is_markdown(text):
            title, body = split_front_matter(text)
            yield from markdown_pages(body, title)
        else:
            yield from section_pages(scan_text(text))


def is_markdown(text: str) -> bool:
    """Whether a text has Markdown headings: lines of `# …` that stand alone, outside code, and are not its comments."""
    lines = [item for item in scan(text) if isinstance(item, Heading) or item.strip()]
    headings = sum(isinstance(item, Heading) for item in lines)
    alone = sum(
        bool(_ATX.match(line)) and (not before.strip() or before.startswith(("#", "---")))
        for before, line in zip(["", *text.split("\n")], text.split("\n"), strict=False)
    )
    return alone > 0 and 0 < headings <= len(lines) * 0.75


def scan_text(text: str) -> Iterator[Heading | str]:
    """Lines of plain text, with its numbered and free-standing titles as headings."""
    lines = text.split("\n")
    titles = set(_titles(lines))
    for index, line in enumerate(lines):
        around = (lines[index - 1] if index else "", lines[index + 1] if index + 1 < len(lines) else "")
        level = _numbered_level(line.strip(), *around)
        if level or index in titles:
            yield Heading(level or _TITLE_LEVEL, line.strip())
        else:
            yield line


def with_titles(items: Iterable[Heading | str]) -> Iterator[Heading | str]:
    """A document's items; where it marks no headings, those that its plain text shows."""
    kept = list(items)
    if any(isinstance(item, Heading) for item in kept):
        return iter(kept)
    return scan_text(clean("\n".join(item for item in kept if isinstance(item, str))))


def _numbered_level(line: str, before: str, after: str) -> int:
    """Level of a numbered heading, 0 for any other line. Numbers alone may be a list: those need blank lines around."""
    if not line or len(line) > TITLE_CHARACTERS or before.strip() or _SENTENCE_END.search(line):
        return 0
    level = next((level for level, form in _NUMBERED if form.match(line)), 0)
    if level == 5 and (after.strip() or len(line) > 40):
        return 0
    return level


def _titles(lines: list[str]) -> Iterator[int]:
    """Indices of short lines that stand alone above a longer paragraph, where a text has at least three of them."""
    found = [
        index
        for index in range(len(lines) - 2)
        if _is_title(lines[index])
        and (index == 0 or not lines[index - 1].strip())
        and not lines[index + 1].strip()
        and len(lines[index + 2]) > max(len(lines[index]), 30)
    ]
    yield from found if len(found) >= 3 else ()


def _is_title(line: str) -> bool:
    text = line.strip()
    return bool(text) and len(text) <= 40 and not _SENTENCE_END.search(text) and not _LIST_ITEM.match(line)


LOADER = TextLoader()
