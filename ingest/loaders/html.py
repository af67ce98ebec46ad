"""Web pages: the main text by headings; tables, lists and code kept; navigation, scripts and what is hidden left out.

Read as a stream of tags, so nesting costs no stack: a page of a hundred thousand open elements is as good as any.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from ingest.base import Limits, Page
from ingest.decoding import detect_encoding, is_text
from ingest.loaders.markdown import BYTES_PER_CHARACTER, Heading, section_pages
from ingest.markup import DEEPEST_INDENT, Cell, fence, merged_table
from models.errors import DocumentError

FEED_CHARACTERS = 64 * 1024
SPAN = 1_000  # the most rows or columns one cell may cover
_START = re.compile(
    rb"(?is)(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*){0,3}<(?:!doctype\s+html|html|head|body)[\s>]"
)
_CHARSET = re.compile(rb"(?i)<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})")
_MAIN = re.compile(r"(?i)<main[\s>]|<article[\s>]")
_TITLE = re.compile(r"(?is)<title[^>]{0,200}>([^<]{1,300})</title>")
_LANGUAGE = re.compile(r"(?:language|lang|brush:)[-\s]?([\w+#]{1,20})")
_HIDING = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])")
_SKIPPED = re.compile(
    "script|style|noscript|template|svg|nav|footer|aside|form|button|select|textarea|iframe|object|embed|canvas|audio|video"
    "|dialog|head"
)
_BLOCK = re.compile(
    "h[1-6]|address|article|blockquote|body|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|header|hr|html|li"
    "|main|ol|p|section|summary|table|tbody|tfoot|thead|tr|ul"
)
_HEADING = re.compile("h[1-6]")
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "menu", "dialog"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


class HtmlLoader:
    """Sections of a web page."""

    format = "html"
    suffixes = (".html", ".htm", ".xhtml")
    text_based = True

    def sniff(self, head: bytes, path: Path) -> bool:
        """It starts as HTML does."""
        if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            head = head.decode("utf-16", errors="replace").encode()
        return bool(_START.match(head)) and is_text(head)

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """One page for each section."""
        if path.stat().st_size > limits.characters * BYTES_PER_CHARACTER:
            raise DocumentError(path.name, "too_large", f"more than {limits.characters} characters")
        text = _decode(path.read_bytes(), path)
        title = _TITLE.search(text) if not re.search(r"(?i)<h1[\s>]", text) else None
        yield from section_pages(_items(text), " ".join(title[1].split()) if title else "")


def _decode(data: bytes, path: Path) -> str:
    """By byte order mark or UTF-8, then as the page declares, then by content."""
    encoding = detect_encoding(data)
    declared = _CHARSET.search(data[:4096])
    if declared and not (encoding or "").startswith("utf"):
        try:
            return data.decode(
                codecs.lookup(declared[1].decode("ascii").lower().replace("euc-kr", "cp949")).name, errors="replace"
            )
        except LookupError:
            pass
    if encoding is None:
        raise DocumentError(path.name, "unsupported", "its text encoding cannot be recognised")
    return data.decode(encoding, errors="replace")


def _items(text: str) -> Iterator[Heading | str]:
    reader = _Reader(main_only=bool(_MAIN.search(text)))
    parser = etree.HTMLParser(target=reader, no_network=True, huge_tree=True, recover=True)
    for start in range(0, len(text), FEED_CHARACTERS):
        parser.feed(text[start : start + FEED_CHARACTERS])
        yield from reader.take()
    try:
        parser.close()
    except etree.LxmlError:  # nothing that can be parsed
        return
    yield from reader.take()


@dataclass(slots=True)
class _Table:
    """A table being read. taken: (row, column) places that cells of earlier rows reach into."""

    cells: list[Cell] = field(default_factory=list)
    row: int = -1
    column: int = 0
    spans: tuple[int, int] = (1, 1)
    caption: str = ""
    taken: set[tuple[int, int]] = field(default_factory=set)

    def add(self, text: str) -> None:
        """The cell that has just been closed."""
        while (self.row, self.column) in self.taken:
            self.column += 1
        rows, columns = self.spans
        if rows * columns <= SPAN:
            self.taken |= {(self.row + r, self.column + c) for r in range(1, rows) for c in range(columns)}
        self.cells.append(Cell(max(self.row, 0), self.column, text, rows, columns))
        self.column += columns


class _Reader:
    """Parser target: turns tags into headings and blocks."""

    def __init__(self, main_only: bool) -> None:
        self._main_only, self._main = main_only, 0
        self._skipped: list[str] = []  # open elements from the outermost skipped one down
        self._text: list[str] = []
        self._items: list[Heading | str] = []
        self._lists: list[int] = []  # next number of each open list, 0 for bullets
        self._tables: list[_Table] = []
        self._pre, self._language, self._marker = 0, "", ""

    def take(self) -> list[Heading | str]:
        """What has been finished since the last call."""
        items, self._items = self._items, []
        return items

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An opening tag."""
        if self._skipped or _SKIPPED.fullmatch(tag) or _is_hidden(attributes):
            if tag not in _VOID:
                self._skipped.append(tag)
            return
        self._main += tag in ("main", "article")
        if _BLOCK.fullmatch(tag):
            self._flush()
        if tag == "br":
            self._text.append("\n")
        elif tag == "img":
            self._text.append(attributes.get("alt", ""))
        elif tag == "code" and not self._pre:
            self._text.append("`")
        self._open(tag, attributes)

    def _open(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in ("ul", "ol"):
            self._lists.append(1 if tag == "ol" else 0)
        elif tag == "li":
            number = self._lists[-1] if self._lists else 0
            self._marker = "  " * min(len(self._lists) - 1, DEEPEST_INDENT) + (f"{number}. " if number else "- ")
            if number:
                self._lists[-1] += 1
        elif tag == "pre":
            self._flush()
            self._pre += 1
        elif tag == "table":
            self._tables.append(_Table())
        elif tag == "tr" and self._tables:
            self._tables[-1].row, self._tables[-1].column = self._tables[-1].row + 1, 0
        elif tag in ("td", "th") and self._tables:
            self._text = []
            self._tables[-1].spans = (_span(attributes.get("rowspan")), _span(attributes.get("colspan")))
        if tag in ("pre", "code") and self._pre and (found := _LANGUAGE.search(attributes.get("class", ""))):
            self._language = found[1]

    def end(self, tag: str) -> None:
        """A closing tag."""
        if self._skipped:
            if tag in self._skipped:
                del self._skipped[len(self._skipped) - 1 - self._skipped[::-1].index(tag) :]
            return
        if _HEADING.fullmatch(tag):
            self._heading(int(tag[1:]))
        elif tag == "code" and not self._pre:
            self._text.append("`")
        elif tag == "pre" and self._pre:
            self._close_pre()
        elif tag in ("td", "th") and self._tables:
            self._tables[-1].add("".join(self._text))
            self._text = []
        elif tag == "caption" and self._tables:
            self._tables[-1].caption, self._text = " ".join("".join(self._text).split()), []
        elif tag == "table" and self._tables:
            self._close_table()
        elif _BLOCK.fullmatch(tag):
            self._flush()
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        self._main -= tag in ("main", "article")

    def data(self, text: str) -> None:
        """Text between tags."""
        if not self._skipped:
            self._text.append(text if self._pre else re.sub(r"\s+", " ", text))

    def comment(self, text: str) -> None:
        """Comments say nothing to a reader."""

    def close(self) -> None:
        """The end of the page; what is open is closed."""
        while self._tables:
            self._close_table()
        self._flush()

    def _heading(self, level: int) -> None:
        text = " ".join("".join(self._text).split())
        self._text = []
        if self._tables:
            self._text = [text, " "]
        elif text and self._is_read():
            self._items.append(Heading(level, text))

    def _flush(self) -> None:
        """Ends the block being read; inside a table the words go on in their cell."""
        text = "".join(self._text)
        if self._tables or self._pre:
            self._text.append("\n")
            return
        text = "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
        if text and self._is_read():
            self._items.append(f"{self._marker}{text}" if self._marker else f"\n{text}\n")
        if text:
            self._marker = ""
        self._text = []

    def _close_pre(self) -> None:
        self._pre -= 1
        code = "".join(self._text).strip("\n")
        if not self._tables:
            self._text = []
            if code.strip() and self._is_read():
                self._items.append(f"\n{fence(code, self._language)}\n")
        self._language = ""

    def _close_table(self) -> None:
        closed = self._tables.pop()
        table = "\n\n".join(part for part in (closed.caption, merged_table(closed.cells)) if part)
        self._text = []
        if self._tables:
            self._text = [table]
        elif table and self._is_read():
            self._items.append(f"\n{table}\n")

    def _is_read(self) -> bool:
        return self._main > 0 or not self._main_only


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") in _ROLES
        or bool(_HIDING.search(attributes.get("style", "")[:500]))
    )


def _span(text: str | None) -> int:
    return min(max(int(text), 1), SPAN) if text and text.isdecimal() and len(text) < 8 else 1


LOADER = HtmlLoader()
