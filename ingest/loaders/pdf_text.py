"""The text of one PDF page: lines in reading order, ruled tables in their place, wrapped lines joined to paragraphs.

Characters whose font has no map to Unicode come out as noise; a line that consists of them is dropped, so that a page is
either right or empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.analyser import kiwi
from ingest.loaders.pdf_tables import Box, find_tables
from ingest.markup import Cell, merged_table

UNMAPPED = 0.1  # share of characters without a Unicode value above which a line is noise
FULL_LINE = 0.07  # a line that ends within this share of its column's width from the edge goes on in the next
COLUMN_LINES = 8  # lines before and after one that tell its column's edges
SHORTEST_WRAPPED = 20  # half-width characters; a shorter line is a label, not a wrapped sentence
_SOFT_HYPHENS = "\x02\u00ad\ufffe"
_LATIN_HYPHEN = re.compile(r"[a-z]-$")
_NEW_ITEM = re.compile(
    r"[-–•▪▫◦○●◎■□◆◇▶►※*✓✔☞·ㆍ∙‧☐❍➢]|\(?\d{1,3}[.)](?!\d)|[①-⑳㉠-㉻ⓐ-ⓩ]|[가-하][.)]\s|\(?[가-하a-zA-Z]\)"
    r"|제\s?\d+\s?[조장절관편항]|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩIVX]+\.\s|\[|<|【|\d+(?:\.\d+)+\.?\s"
)
_PARAGRAPH_END = re.compile(r"[.?!:。](?:[\"'”’)\]])?$")
_HANGUL_END, _HANGUL_START = re.compile(r"[가-힣]$"), re.compile(r"[가-힣]")
WORDS_AROUND = 4  # before and after a line's end that tell whether a word goes on
LIKELIER = 1.0  # log-likelihood by which one word must beat two: joins 95 of 100 cut words and 1 of 100 whole ones


@dataclass(slots=True)
class TextLine:
    """One line as it stands on the page, sizes in points. text keeps a trailing space where the page has one."""

    text: str = ""
    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    height: float = 0.0
    unmapped: int = 0

    @property
    def is_noise(self) -> bool:
        """Whether the font gave no characters for it."""
        return self.unmapped > len(self.text) * UNMAPPED


@dataclass(slots=True)
class PageTable:
    """A ruled table; texts[i] belongs to cells[i]."""

    cells: Sequence[Box]
    texts: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """The table with its merged cells."""
        tops = sorted({cell.top for cell in self.cells}, reverse=True)
        lefts = sorted({cell.left for cell in self.cells})
        return merged_table(
            Cell(
                row=tops.index(box.top),
                column=lefts.index(box.left),
                text=join_lines(text.split("\n")),
                row_span=sum(box.bottom < top <= box.top for top in tops),
                column_span=sum(box.left <= left < box.right for left in lefts),
            )
            for box, text in zip(self.cells, self.texts, strict=True)
        )


def read_page(page: Any) -> tuple[list[TextLine | PageTable], int]:
    """(lines and tables of a pypdfium2 page in reading order, characters dropped because their font has no text map)."""
    textpage = page.get_textpage()
    try:
        tables = [PageTable(cells, [""] * len(cells)) for cells in find_tables(page)]
        items = list(_items(textpage, tables))
    finally:
        textpage.close()
    kept = [item for item in items if isinstance(item, PageTable) or not item.is_noise]
    return kept, sum(len(item.text) for item in items if isinstance(item, TextLine) and item.is_noise)


def _items(textpage: Any, tables: Sequence[PageTable]) -> Iterator[TextLine | PageTable]:
    import pypdfium2.raw as raw

    line, seen = TextLine(), set[int]()
    at: tuple[PageTable, int] | None = None  # the cell that the last character stood in
    for index in range(textpage.count_chars()):
        character = _character(raw.FPDFText_GetUnicode(textpage, index))
        if character == "\n" and at:
            at[0].texts[at[1]] += "\n"
        if character in "\n\0" or raw.FPDFText_IsGenerated(textpage, index) == 1:
            line, done = _broken(line, character)
            yield from done
            if at and character == " ":
                at[0].texts[at[1]] += character
            continue
        left, bottom, right, top = textpage.get_charbox(index)
        at = _cell_at(tables, (left + right) / 2, (bottom + top) / 2)
        if at:
            at[0].texts[at[1]] += character
            if id(at[0]) not in seen:
                seen.add(id(at[0]))
                line, done = _broken(line, "\n")
                yield from [*done, at[0]]
            continue
        if not line.text.strip():
            line.left, line.bottom = left, bottom
        line.height = max(line.height, top - bottom)
        line.text, line.right = line.text + character, max(line.right, right)
        line.unmapped += raw.FPDFText_HasUnicodeMapError(textpage, index) == 1
    yield from _broken(line, "\n")[1]


def _broken(line: TextLine, character: str) -> tuple[TextLine, list[TextLine | PageTable]]:
    """(the line to go on with, the finished one if `character` ends it)."""
    if character == "\n":
        return TextLine(), [line] if line.text.strip() else []
    line.text += character.replace("\0", "")
    return line, []


def _character(code: int) -> str:
    if code in (0x0A, 0x0D):
        return "\n" if code == 0x0A else "\0"
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else "\0"


def _cell_at(tables: Sequence[PageTable], x: float, y: float) -> tuple[PageTable, int] | None:
    for table in tables:
        for index, box in enumerate(table.cells):
            if box.holds(x, y):
                return table, index
    return None


def paragraphs(lines: Sequence[TextLine]) -> str:
    """Lines joined where the page only wrapped them: the line before was full, and the next does not open an item."""
    slacks = [_slack(lines, index) for index in range(len(lines))]
    cuts_words = _cuts_words(lines, slacks)
    out: list[str] = []
    for index, line in enumerate(lines):
        previous = lines[index - 1] if index else None
        if previous and _goes_on(previous, line, slacks[index - 1]):
            near_edge = slacks[index - 1] < 1.6 * max(previous.height, 8)
            tight = near_edge and not previous.text.endswith(" ")
            out[-1] = _joined(out[-1], line.text.strip(), tight and (cuts_words or _cuts_word(previous, line)))
        else:
            out.append(line.text.strip())
    return "\n".join(out)


def _slack(lines: Sequence[TextLine], index: int) -> float:
    """Points between the end of a line and the right edge of its column."""
    line = lines[index]
    near = lines[max(0, index - COLUMN_LINES) : index + COLUMN_LINES + 1]
    column = (other.right for other in near if other.left < line.right and other.right > line.left)
    return max(column, default=line.right) - line.right


def _goes_on(previous: TextLine, line: TextLine, slack: float) -> bool:
    text = previous.text.strip()
    if slack > FULL_LINE * (previous.right + slack - previous.left) or _width(text) < SHORTEST_WRAPPED:
        return False
    gap = previous.bottom - line.bottom
    if (
        not 0 < gap < 2.5 * max(previous.height, line.height)
        or line.left > previous.right
        or line.right < previous.left
    ):
        return False
    indented = line.left > previous.left + 5
    return not _NEW_ITEM.match(line.text.strip()) and not (indented and _PARAGRAPH_END.search(text))


def _width(text: str) -> int:
    return sum(2 if ord(character) >= 0x1100 else 1 for character in text)


def _cuts_words(lines: Sequence[TextLine], slacks: Sequence[float]) -> bool:
    """Whether this page breaks lines inside words: some full lines end in a space, which then shows a word's end, and
    too many do not for them all to end paragraphs."""
    near = zip(lines, slacks, strict=True)
    full = [line for line, slack in near if slack < 12 and _HANGUL_END.search(line.text.strip())]
    spaced = sum(line.text.endswith(" ") for line in full)
    return len(full) * 0.2 <= spaced <= len(full) * 0.75 and spaced > 0


def _cuts_word(line: TextLine, following: TextLine) -> bool:
    """Whether a word of Korean more likely goes on in the following line than ends here, by Kiwi's language model."""
    before, after = line.text.strip(), following.text.strip()
    if not (_HANGUL_END.search(before) and _HANGUL_START.match(after)):
        return False
    head, tail = " ".join(before.split()[-WORDS_AROUND:]), " ".join(after.split()[:WORDS_AROUND])
    (_, one), (_, two) = kiwi().analyze(head + tail)[0], kiwi().analyze(f"{head} {tail}")[0]
    return bool(one - two > LIKELIER)


def _joined(before: str, after: str, tight: bool) -> str:
    if before and before[-1] in _SOFT_HYPHENS:
        return before[:-1] + after
    if _LATIN_HYPHEN.search(before) and after[:1].islower():
        return before[:-1] + after
    cut_word = tight and _HANGUL_END.search(before) and _HANGUL_START.match(after)
    return before + ("" if cut_word else " ") + after


def join_lines(lines: Sequence[str]) -> str:
    """Lines of a table cell as one."""
    return " ".join(line.strip() for line in lines if line.strip())
