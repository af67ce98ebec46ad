"""Word documents: sections by heading styles, lists with their drawn numbers, tables, notes, formulas, text boxes.

What a reader of the printed page would not see is left out: deleted revisions, field codes, headers and footers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from ingest.base import Limits, Page
from ingest.loaders.elements import child, local, number, value
from ingest.loaders.equations import latex
from ingest.loaders.markdown import Heading, section_pages
from ingest.loaders.numbering import NumberCounter, NumberLevel
from ingest.loaders.office import OfficePackage
from ingest.loaders.text import with_titles
from ingest.markup import DEEPEST_INDENT, Cell, merged_table
from ingest.safe_archive import ZIP_MAGIC, member_names

TITLE_LEVEL = 0
_HEADING_NAME = re.compile(r"(?i)(?:heading|제목|개요) ?([1-9])$")
_UNSEEN = {"del", "moveFrom", "instrText", "pPr", "rPr", "Fallback", "rt", "fldData", "sectPr", "delText"}
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}


@dataclass(slots=True)
class Inline:
    """What a paragraph holds. boxes: texts of the frames anchored in it; notes: ids of its foot- and endnotes."""

    text: str = ""
    boxes: list[etree._Element] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph style: its own outline level (from 1, or None) and numbering, and the style it is based on."""

    name: str
    based_on: str
    level: int | None
    numbering: tuple[str, int] | None


class DocxLoader:
    """Sections of a Word document."""

    format = "docx"
    suffixes = (".docx",)
    text_based = False

    def sniff(self, head: bytes, path: Path) -> bool:
        """A zip with a Word document in it."""
        return head.startswith(ZIP_MAGIC) and any(name.startswith("word/") for name in member_names(path))

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """One page for each section."""
        with OfficePackage(path, limits) as package:
            document = _Document(package)
            yield from section_pages(with_titles(document.items()))


class _Document:
    def __init__(self, package: OfficePackage) -> None:
        main = package.main_part()
        self._body = child(package.part(main), "body")
        styles, numbering = package.related(main, "styles"), package.related(main, "numbering")
        self._styles = _read_styles(styles) if styles is not None else {}
        self._counter = NumberCounter(_read_numbering(numbering) if numbering is not None else {})
        self._notes = {
            **_read_notes(package.related(main, "footnotes"), ""),
            **_read_notes(package.related(main, "endnotes"), "e"),
        }

    def items(self) -> Iterator[Heading | str]:
        """Headings and blocks in reading order."""
        if self._body is not None:
            yield from self._blocks(self._body)

    def _blocks(self, parent: etree._Element) -> Iterator[Heading | str]:
        for element in parent:
            kind = local(element)
            if kind == "p":
                yield from self._paragraph(element)
            elif kind == "tbl":
                yield self._table(element) + "\n"
            elif kind in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "AlternateContent", "Choice"):
                yield from self._blocks(element)

    def _paragraph(self, element: etree._Element) -> Iterator[Heading | str]:
        inline = Inline()
        _walk(element, inline)
        text = inline.text.strip()
        level, marker, indent = self._role(element)
        if text and level is not None:
            yield Heading(level, " ".join(f"{marker} {text}".split()) if marker != "-" else " ".join(text.split()))
        elif text:
            yield f"{'  ' * min(indent, DEEPEST_INDENT)}{marker} {text}" if marker else f"\n{text}\n"
        for box in inline.boxes:
            yield from self._blocks(box)
        for note in inline.notes:
            if words := self._notes.get(note, ""):
                yield f"[^{note}]: {words}\n"

    def _role(self, element: etree._Element) -> tuple[int | None, str, int]:
        """(heading level or None, the number or bullet drawn before it, depth in its list) of a paragraph."""
        properties = child(element, "pPr")
        style = value(child(properties, "pStyle")) if properties is not None else ""
        outline = value(child(properties, "outlineLvl")) if properties is not None else ""
        level = _outline_level(outline) or self._style_level(style)
        numbering = _numbering(properties) or self._style_numbering(style)
        if not numbering:
            return level, "", 0
        return level, self._counter.marker(*numbering), numbering[1]

    def _chain(self, style: str) -> Iterator[Style]:
        for _ in range(20):
            if style not in self._styles:
                return
            yield self._styles[style]
            style = self._styles[style].based_on

    def _style_level(self, style: str) -> int | None:
        for ancestor in self._chain(style):
            if ancestor.name.lower() in ("title", "제목"):
                return TITLE_LEVEL
            if ancestor.level is not None:
                return ancestor.level
        return None

    def _style_numbering(self, style: str) -> tuple[str, int] | None:
        return next((ancestor.numbering for ancestor in self._chain(style) if ancestor.numbering), None)

    def _table(self, table: etree._Element) -> str:
        cells: list[Cell] = []
        open_above: dict[int, int] = {}  # column -> index in `cells` of the cell that may go on downwards
        for row_number, row in enumerate(_inside(table, "tr")):
            column = number(value(_descend(row, "trPr", "gridBefore")))
            for element in _inside(row, "tc"):
                span = max(number(value(_descend(element, "tcPr", "gridSpan"))), 1)
                merge = _descend(element, "tcPr", "vMerge")
                if merge is not None and value(merge) != "restart" and column in open_above:
                    above = cells[open_above[column]]
                    cells[open_above[column]] = Cell(
                        above.row, above.column, above.text, above.row_span + 1, above.column_span
                    )
                else:
                    open_above[column] = len(cells)
                    cells.append(Cell(row_number, column, self._cell_text(element), 1, span))
                column += span
        return merged_table(cells)

    def _cell_text(self, cell: etree._Element) -> str:
        return "\n".join(item.text if isinstance(item, Heading) else item.strip() for item in self._blocks(cell))


def _walk(element: etree._Element, inline: Inline) -> None:
    """Collects the words of a paragraph into `inline`."""
    for item in element:
        kind = local(item)
        if kind == "t":
            inline.text += item.text or ""
        elif kind in _SIGNS:
            inline.text += _SIGNS[kind]
        elif kind == "oMath":
            inline.text += latex(item)
        elif kind == "txbxContent":
            inline.boxes.append(item)
        elif kind in ("footnoteReference", "endnoteReference"):
            note = ("e" if kind[0] == "e" else "") + value(item, "id")
            inline.notes.append(note)
            inline.text += f"[^{note}]"
        elif kind not in _UNSEEN:
            _walk(item, inline)


def _inside(parent: etree._Element, kind: str) -> Iterator[etree._Element]:
    """Children of that kind, those inside content controls and revisions too."""
    for element in parent:
        if local(element) == kind:
            yield element
        elif local(element) in ("sdt", "sdtContent", "ins", "customXml"):
            yield from _inside(element, kind)


def _descend(element: etree._Element, *names: str) -> etree._Element | None:
    found: etree._Element | None = element
    for name in names:
        found = child(found, name) if found is not None else None
    return found


def _outline_level(text: str) -> int | None:
    """Heading level from 1 of an outlineLvl, None for body text (9) and for none."""
    return number(text) + 1 if text.isdecimal() and number(text) < 9 else None


def _numbering(properties: etree._Element | None) -> tuple[str, int] | None:
    numbers = child(properties, "numPr") if properties is not None else None
    if numbers is None:
        return None
    return value(child(numbers, "numId")), number(value(child(numbers, "ilvl")))


def _read_styles(root: etree._Element) -> dict[str, Style]:
    styles = {}
    for element in root:
        if local(element) != "style":
            continue
        name = value(child(element, "name"))
        outline = value(_descend(element, "pPr", "outlineLvl"))
        named = _HEADING_NAME.match(name)
        level = _outline_level(outline) or (int(named[1]) if named else None)
        styles[value(element, "styleId")] = Style(
            name, value(child(element, "basedOn")), level, _numbering(child(element, "pPr"))
        )
    return styles


def _read_numbering(root: etree._Element) -> dict[str, list[NumberLevel]]:
    """List id -> its levels."""
    abstract = {
        value(element, "abstractNumId"): [_read_level(level) for level in element if local(level) == "lvl"]
        for element in root
        if local(element) == "abstractNum"
    }
    numbers = (element for element in root if local(element) == "num")
    return {value(number, "numId"): abstract.get(value(child(number, "abstractNumId")), []) for number in numbers}


def _read_level(level: etree._Element) -> NumberLevel:
    start = value(child(level, "start"))
    return NumberLevel(
        value(child(level, "numFmt")) or "decimal", value(child(level, "lvlText")), number(start) if start else 1
    )


def _read_notes(root: etree._Element | None, prefix: str) -> dict[str, str]:
    """Note id, with `prefix` before it, -> its text."""
    notes = {}
    for element in root if root is not None else ():
        inline = Inline()
        _walk(element, inline)
        notes[prefix + value(element, "id")] = " ".join(inline.text.split())
    return notes


LOADER = DocxLoader()
