"""PowerPoint: a page for each slide, its title as heading, then texts, tables, chart labels and the speaker's notes.

Shapes are read in the order of the file, which is how a screen reader goes through the slide.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from ingest.base import Limits, Page
from ingest.loaders.elements import child, local, number, value
from ingest.loaders.equations import latex
from ingest.loaders.office import RELATION_ID, OfficePackage
from ingest.markup import DEEPEST_INDENT, Cell, merged_table, table
from ingest.safe_archive import ZIP_MAGIC, member_names
from models.errors import DocumentError
from models.types import Locator

_TITLES = ("title", "ctrTitle")
_FURNITURE = ("dt", "ftr", "sldNum", "hdr", "sldImg")  # date, footer, number, header, the slide's picture on its notes
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"


class PptxLoader:
    """Slides of a presentation, hidden ones too."""

    format = "pptx"
    suffixes = (".pptx",)
    text_based = False

    def sniff(self, head: bytes, path: Path) -> bool:
        """A zip with a presentation in it."""
        return head.startswith(ZIP_MAGIC) and any(name.startswith("ppt/") for name in member_names(path))

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """One page for each slide with words on it."""
        with OfficePackage(path, limits) as package:
            main = package.main_part()
            slides = _slides(package, main)
            if len(slides) > limits.pages:
                raise DocumentError(path.name, "too_large", f"{len(slides)} slides, the limit is {limits.pages}")
            for number, name in enumerate(slides, start=1):
                title, text = _Slide(package, name).read()
                if title or text:
                    yield Page(text or title, Locator(slide=number, headings=(title,) if title else ()))


def _slides(package: OfficePackage, main: str) -> list[str]:
    """Part names of the slides in the order they are shown."""
    relations = package.relations(main)
    listed = child(package.part(main), "sldIdLst")
    ids = [item.get(RELATION_ID) or _strict_id(item) for item in listed] if listed is not None else []
    return [relations[key].target for key in ids if key in relations]


def _strict_id(item: etree._Element) -> str:
    """The relation's id in files whose namespaces are the strict ones."""
    return next((text for key, text in item.items() if key.startswith("{") and key.endswith("}id")), "")


class _Slide:
    def __init__(self, package: OfficePackage, name: str) -> None:
        self._package, self._name = package, name
        self._title = ""

    def read(self) -> tuple[str, str]:
        """(title, the rest of the slide as Markdown)."""
        parts = list(self._shapes(_tree(self._package.part(self._name))))
        notes = self._package.related(self._name, "notesSlide")
        if notes is not None:
            spoken = "\n".join(part for part in self._shapes(_tree(notes), notes=True) if part)
            parts += [f"발표자 노트 (notes): {spoken}"] if spoken.strip() else []
        return self._title, "\n\n".join(part for part in parts if part.strip())

    def _shapes(self, tree: etree._Element | None, notes: bool = False) -> Iterator[str]:
        for shape in tree if tree is not None else ():
            kind = local(shape)
            if kind == "sp":
                yield from self._text_shape(shape, notes)
            elif kind in ("grpSp", "AlternateContent", "Choice"):
                yield from self._shapes(shape, notes)
            elif kind == "graphicFrame":
                yield from self._graphic(shape)
            elif kind == "pic" and (words := _description(shape)):
                yield f"(그림: {words})"

    def _text_shape(self, shape: etree._Element, notes: bool) -> Iterator[str]:
        holder = next((item for item in shape.iter() if local(item) == "ph"), None)
        kind = value(holder, "type")
        text = _paragraphs(child(shape, "txBody"))
        if holder is not None and kind in _FURNITURE:
            return
        if kind in _TITLES and not notes and not self._title:
            self._title = " ".join(text.replace("- ", "").split())
        else:
            yield text

    def _graphic(self, frame: etree._Element) -> Iterator[str]:
        for element in frame.iter():
            if local(element) == "tbl":
                yield merged_table(_cells(element))
            elif local(element) == "chart" and element.get(RELATION_ID):
                relation = self._package.relations(self._name).get(element.get(RELATION_ID, ""))
                yield _chart(self._package.part(relation.target)) if relation else ""
            elif local(element) == "relIds":  # a diagram (SmartArt): its words are in a part of their own
                diagram = self._package.relations(self._name).get(value(element, "dm"))
                yield "\n".join(_diagram(self._package.part(diagram.target))) if diagram else ""


def _tree(root: etree._Element) -> etree._Element | None:
    common = child(root, "cSld")
    return child(common, "spTree") if common is not None else None


def _paragraphs(body: etree._Element | None) -> str:
    """Paragraphs of a text body; indented ones as list items."""
    lines = []
    for paragraph in body if body is not None else ():
        if local(paragraph) != "p":
            continue
        text = " ".join(_words(paragraph).split(" ")).strip()
        properties = child(paragraph, "pPr")
        depth = number(value(properties, "lvl"))
        bullet = properties is not None and any(local(item) in ("buChar", "buAutoNum", "buBlip") for item in properties)
        if text:
            lines.append(f"{'  ' * min(depth, DEEPEST_INDENT)}- {text}" if depth or bullet else text)
    return "\n".join(lines)


def _words(element: etree._Element) -> str:
    out = ""
    for item in element:
        kind = local(item)
        if kind == "t":
            out += item.text or ""
        elif kind == "br":
            out += "\n"
        elif kind == "oMath":
            out += latex(item)
        elif kind not in ("pPr", "rPr", "Fallback", "endParaRPr"):
            out += _words(item)
    return out


def _cells(element: etree._Element) -> Iterator[Cell]:
    for row_number, row in enumerate(item for item in element if local(item) == "tr"):
        for column, cell in enumerate(item for item in row if local(item) == "tc"):
            if value(cell, "hMerge") in ("1", "true") or value(cell, "vMerge") in ("1", "true"):
                continue
            spans = [number(text) for text in (value(cell, "rowSpan"), value(cell, "gridSpan"))]
            yield Cell(row_number, column, _paragraphs(child(cell, "txBody")), max(spans[0], 1), max(spans[1], 1))


def _description(picture: etree._Element) -> str:
    """Alternative text that somebody wrote for a picture; a file name is none."""
    properties = next((item for item in picture.iter() if local(item) == "cNvPr"), None)
    text = " ".join(value(properties, "descr").split())
    return "" if text.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".emf", ".wmf", ".svg")) else text


def _chart(root: etree._Element) -> str:
    """A chart's title and its numbers as a table: categories down, series across."""
    title = next((_words(item) for item in root.iter(f"{{{_CHART}}}title")), "")
    columns: list[list[str]] = []
    for series in root.iter(f"{{{_CHART}}}ser"):
        name, labels, numbers = (_cached(series, kind) for kind in ("tx", "cat", "val"))
        columns = columns or [["", *labels]]
        columns.append([name[0] if name else "", *numbers])
    height = max((len(column) for column in columns), default=0)
    rows = [[column[row] if row < len(column) else "" for column in columns] for row in range(height)]
    return "\n\n".join(part for part in (title, table(rows)) if part)


def _cached(series: etree._Element, kind: str) -> list[str]:
    """Values of one part of a series as the file caches them."""
    part = child(series, kind)
    points = part.iter(f"{{{_CHART}}}v") if part is not None else ()
    return [point.text or "" for point in points]


def _diagram(root: etree._Element) -> Iterator[str]:
    for element in root.iter():
        if local(element) == "p" and (text := _words(element).strip()):
            yield f"- {text}"


LOADER = PptxLoader()
