"""HWPX (KS X 6101): a zip of XML sections with the same model as HWP 5."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from ingest.base import Limits, Page
from ingest.loaders.elements import child, local, number, value
from ingest.loaders.hwp_outline import BULLET, NUMBERED, OUTLINE, Outline, ParagraphShape, style_level
from ingest.loaders.markdown import Heading, section_pages
from ingest.loaders.numbering import NumberCounter, NumberLevel
from ingest.loaders.text import with_titles
from ingest.markup import Cell, merged_table
from ingest.safe_archive import ZIP_MAGIC, SafeArchive, member_names
from models.errors import DocumentError

_CONTENT, _HEADER, _MANIFEST = "Contents/content.hpf", "Contents/header.xml", "META-INF/manifest.xml"
_SECTION = re.compile(r"Contents/section(\d{1,6})\.xml$")
_KINDS = {"OUTLINE": OUTLINE, "NUMBER": NUMBERED, "BULLET": BULLET}
_NUMBER_STYLES = {
    "DIGIT": "decimal",
    "CIRCLED_DIGIT": "decimalEnclosedCircle",
    "ROMAN_CAPITAL": "upperRoman",
    "ROMAN_SMALL": "lowerRoman",
    "LATIN_CAPITAL": "upperLetter",
    "LATIN_SMALL": "lowerLetter",
    "HANGUL_SYLLABLE": "ganada",
    "HANGUL_JAMO": "chosung",
}
_SIGNS = {"tab": "\t", "lineBreak": "\n", "nbSpace": " ", "fwSpace": " ", "hypen": "-", "hyphen": "-"}
_UNSEEN = (
    "linesegarray",
    "secPr",
    "parameters",
    "shapeComment",
    "footer",
    "hiddenComment",
    "fieldBegin",
    "deleteBegin",
    "pic",
)


class HwpxLoader:
    """Sections of an HWPX document."""

    format = "hwpx"
    suffixes = (".hwpx",)
    text_based = False

    def sniff(self, head: bytes, path: Path) -> bool:
        """A zip with HWPX's package file or its mimetype."""
        if not head.startswith(ZIP_MAGIC):
            return False
        names = member_names(path)
        return _CONTENT in names or b"application/hwp+zip" in head[:200] or any(_SECTION.match(name) for name in names)

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """One page for each section between headings."""
        with SafeArchive(path, limits) as archive:
            if _MANIFEST in archive and any(local(item) == "encryption-data" for item in archive.xml(_MANIFEST).iter()):
                raise DocumentError(path.name, "encrypted")
            items = with_titles(_items(archive))
        yield from section_pages(items)


def _items(archive: SafeArchive) -> Iterator[Heading | str]:
    section = _Section(_read_outline(archive.xml(_HEADER)) if _HEADER in archive else Outline())
    for name in _section_names(archive):
        yield from section.paragraphs(archive.xml(name))


def _section_names(archive: SafeArchive) -> list[str]:
    """Sections in the order of the package's spine, else by number."""
    numbered = {name: int(match[1]) for name in archive.names() if (match := _SECTION.match(name))}
    if _CONTENT not in archive:
        return sorted(numbered, key=lambda name: numbered[name])
    package = list(archive.xml(_CONTENT).iter())
    places = {value(item, "id"): value(item, "href") for item in package if local(item) == "item"}
    spine = (places.get(value(item, "idref"), "") for item in package if local(item) == "itemref")
    folder = posixpath.dirname(_CONTENT)
    listed = [place if place in archive else posixpath.join(folder, place) for place in spine]
    sections = [name for name in listed if name in archive and posixpath.basename(name).startswith("section")]
    return sections or sorted(numbered, key=lambda name: numbered[name])


class _Section:
    def __init__(self, outline: Outline) -> None:
        self._outline = outline

    def paragraphs(self, parent: etree._Element) -> Iterator[Heading | str]:
        """Headings and blocks of the paragraphs right below `parent`."""
        for element in parent:
            if local(element) == "p":
                yield from self._paragraph(element)

    def _paragraph(self, element: etree._Element) -> Iterator[Heading | str]:
        words: list[str] = []
        blocks: list[Heading | str] = []
        self._walk(element, words, blocks)
        if text := "".join(words).strip():
            yield self._outline.dress(text, number(value(element, "paraPrIDRef")), number(value(element, "styleIDRef")))
        yield from blocks

    def _walk(self, element: etree._Element, words: list[str], blocks: list[Heading | str]) -> None:
        """Collects a paragraph's words, and what is anchored in it as blocks."""
        for item in element:
            kind = local(item)
            if kind == "secPr" and value(item, "outlineShapeIDRef") not in ("", "0"):
                self._outline.numbering = value(item, "outlineShapeIDRef")
            if kind == "t":
                self._words(item, words)
            elif kind == "tbl":
                blocks += self._table(item)
            elif kind in ("footNote", "endNote"):
                self._note(item, words, blocks)
            elif kind == "autoNum":  # pages and notes are numbered elsewhere
                words.append(value(item, "num") if value(item, "numType") in ("PICTURE", "TABLE", "EQUATION") else "")
            elif kind == "equation":
                words += [f"${' '.join((script.text or '').split())}$" for script in item if local(script) == "script"]
            elif kind == "subList":  # of a frame, a caption or a header
                blocks += self.paragraphs(item)
            elif kind == "dutmal":
                words += [part.text or "" for part in item if local(part) == "mainText"]
            elif kind not in _UNSEEN:
                self._walk(item, words, blocks)

    def _words(self, element: etree._Element, words: list[str]) -> None:
        """The text of `hp:t`, in which signs are elements; what a tracked change deleted is left out."""
        words.append(element.text or "")
        deleted = False
        for item in element:
            kind = local(item)
            deleted = kind == "deleteBegin" or (deleted and kind != "deleteEnd")
            words.append("" if deleted else _SIGNS.get(kind, "") + (item.tail or ""))

    def _note(self, element: etree._Element, words: list[str], blocks: list[Heading | str]) -> None:
        number = value(element, "number") or "1"
        inner = (item.text if isinstance(item, Heading) else item for part in element for item in self.paragraphs(part))
        words.append(f"[^{number}]")
        blocks.append(f"[^{number}]: {' '.join(' '.join(inner).split())}\n")

    def _table(self, element: etree._Element) -> Iterator[Heading | str]:
        cells: list[Cell] = []
        for row_number, row in enumerate(item for item in element if local(item) == "tr"):
            next_column = 0
            for cell in (item for item in row if local(item) == "tc"):
                cells.append(self._cell(cell, row_number, next_column))
                next_column = cells[-1].column + cells[-1].column_span
        caption = child(element, "caption")
        for part in caption if caption is not None else ():
            yield from self.paragraphs(part)
        yield "\n" + merged_table(cells) + "\n"

    def _cell(self, element: etree._Element, row: int, column: int) -> Cell:
        """A cell; its address where the file gives one, else where it stands."""
        address, span = child(element, "cellAddr"), child(element, "cellSpan")
        items = (item for part in element if local(part) == "subList" for item in self.paragraphs(part))
        bare = (item for item in self.paragraphs(element))  # some writers leave the list out
        texts = (item.text if isinstance(item, Heading) else item.strip() for group in (items, bare) for item in group)
        return Cell(
            row=number(value(address, "rowAddr")) if address is not None else row,
            column=number(value(address, "colAddr")) if address is not None else column,
            text="\n".join(text for text in texts if text),
            row_span=max(number(value(span, "rowSpan")), 1),
            column_span=max(number(value(span, "colSpan")), 1),
        )


def _read_outline(header: etree._Element) -> Outline:
    shapes: dict[int, ParagraphShape] = {}
    styles: dict[int, int] = {}
    numberings: dict[str, list[NumberLevel]] = {}
    for element in header.iter():
        kind = local(element)
        if kind == "paraPr":
            shapes[number(value(element, "id"))] = _shape(child(element, "heading"))
        elif kind == "style":
            styles[number(value(element, "id"))] = style_level(value(element, "name"))
        elif kind == "numbering" and value(element, "id"):
            numberings[value(element, "id")] = [_level(item) for item in element if local(item) == "paraHead"]
    return Outline(shapes, styles, NumberCounter(numberings))


def _shape(heading: etree._Element | None) -> ParagraphShape:
    kind = _KINDS.get(value(heading, "type"), 0)
    return ParagraphShape(kind, number(value(heading, "level")), value(heading, "idRef"))


def _level(head: etree._Element) -> NumberLevel:
    style: Mapping[str, str] = _NUMBER_STYLES
    return NumberLevel(
        style.get(value(head, "numFormat"), "decimal"),
        (head.text or "").replace("^", "%"),
        number(value(head, "start")) or 1,
    )


LOADER = HwpxLoader()
