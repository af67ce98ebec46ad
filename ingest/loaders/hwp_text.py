"""The body of an HWP 5 section: paragraphs with their drawn numbers, headings, tables, notes, frames and formulas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest.loaders.hwp_outline import Outline, ParagraphShape, style_level
from ingest.loaders.hwp_records import (
    CTRL_HEADER,
    EQUATION,
    LIST_HEADER,
    NUMBERING,
    PARA_HEADER,
    PARA_SHAPE,
    PARA_TEXT,
    STYLE,
    TABLE,
    Record,
)
from ingest.loaders.markdown import Heading
from ingest.loaders.numbering import NumberCounter, NumberLevel
from ingest.markup import Cell, merged_table

_SINGLE = {0, 10, 13, *range(24, 32)}  # control characters of one unit; the others take eight
_SIGNS = {9: "\t", 10: "\n", 24: "-", 30: " ", 31: " "}
_CAPTION_NUMBERS = (3, 4, 5)  # running numbers of pictures, tables and formulas; pages and notes are numbered elsewhere
_EXTENDED = {1, 2, 3, 11, 12, *range(14, 19), 21, 22, 23}  # those that own a control record
_NUMBER_STYLES = (  # by the specification's code, named as in OOXML; enclosed letters read like plain ones
    "decimal",
    "decimalEnclosedCircle",
    "upperRoman",
    "lowerRoman",
    "upperLetter",
    "lowerLetter",
    "upperLetter",
    "lowerLetter",
    "ganada",
    "ganada",
    "chosung",
)


def read_outline(records: Sequence[Record]) -> Outline:
    """From the records of the stream DocInfo."""
    flat = list(_flatten(records))
    numberings = (_read_numbering(record) for record in flat if record.tag == NUMBERING)
    levels = (style_level(record.text(0)) for record in flat if record.tag == STYLE)
    return Outline(
        shapes=dict(enumerate(_read_shape(record) for record in flat if record.tag == PARA_SHAPE)),
        style_levels=dict(enumerate(levels)),
        counter=NumberCounter({str(index): numbering for index, numbering in enumerate(numberings, start=1)}),
    )


class Section:
    """One section of the body."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline

    def items(self, records: Sequence[Record]) -> Iterator[Heading | str]:
        """Headings and blocks in reading order."""
        for record in records:
            if record.tag == PARA_HEADER:
                yield from self._paragraph(record)

    def _paragraph(self, record: Record) -> Iterator[Heading | str]:
        controls = [item for item in record.children if item.tag == CTRL_HEADER]
        for control in controls:
            if _kind(control) == "secd" and control.u16(18):
                self._outline.numbering = str(control.u16(18))
        text, blocks = self._words(record, controls)
        if text := text.strip():
            yield self._outline.dress(text, record.u16(8), record.data[10] if len(record.data) > 10 else 0)
        yield from blocks

    def _words(self, record: Record, controls: Sequence[Record]) -> tuple[str, list[Heading | str]]:
        """(a paragraph's text with notes' and captions' numbers in place, the blocks anchored in it)."""
        owned = iter(controls)
        text, blocks = "", list[Heading | str]()
        for piece in _pieces(record):
            if isinstance(piece, str):
                text += piece
                continue
            control = next(owned, None)
            inline, anchored = self._control(control) if control else ("", [])
            text += inline
            blocks += anchored
        return text, blocks

    def _control(self, control: Record) -> tuple[str, list[Heading | str]]:
        kind = _kind(control)
        if kind == "tbl ":
            return "", list(self._table(control))
        if kind == "eqed":
            scripts = (f"${' '.join(item.text(4).split())}$" for item in control.children if item.tag == EQUATION)
            return "".join(scripts), []
        if kind in ("fn  ", "en  "):
            number = str(control.u32(4))
            return f"[^{number}]", [f"[^{number}]: {self._flat(control)}\n"]
        if kind == "atno":
            return str(control.u16(8)) if control.u32(4) & 0xF in _CAPTION_NUMBERS else "", []
        if kind == "tdut":
            return control.text(4), []
        if kind in ("gso ", "head"):
            return "", [item for record in _frames(control) for item in self.items(record.children)]
        return "", []

    def _flat(self, control: Record) -> str:
        words = (item.text if isinstance(item, Heading) else item for item in self.items(control.children))
        return " ".join(" ".join(words).split())

    def _table(self, control: Record) -> Iterator[Heading | str]:
        """A caption's paragraphs, then the table; lists before the TABLE record are the caption."""
        place = next((index for index, item in enumerate(control.children) if item.tag == TABLE), len(control.children))
        yield from self.items(control.children[:place])
        cells = [
            Cell(
                row=head.u16(10),
                column=head.u16(8),
                text=self._cell_text(paragraphs),
                row_span=max(head.u16(14), 1),
                column_span=max(head.u16(12), 1),
            )
            for head, paragraphs in _lists(control.children[place + 1 :])
        ]
        yield "\n" + merged_table(cells) + "\n"

    def _cell_text(self, paragraphs: Sequence[Record]) -> str:
        items = (item.text if isinstance(item, Heading) else item.strip() for item in self.items(paragraphs))
        return "\n".join(item for item in items if item)


def _pieces(paragraph: Record) -> Iterator[str | None]:
    """Stretches of a paragraph's text, and None for each character that owns a control record."""
    for record in paragraph.children:
        if record.tag != PARA_TEXT:
            continue
        data, start, offset = record.data, 0, 0
        while offset + 1 < len(data):
            code = data[offset] | data[offset + 1] << 8
            if code > 31:
                offset += 2
                continue
            yield data[start:offset].decode("utf-16-le", errors="replace")
            yield _SIGNS.get(code, "")
            if code in _EXTENDED:
                yield None
            offset += 2 if code in _SINGLE else 16
            start = offset
        yield data[start:].decode("utf-16-le", errors="replace")


def _kind(control: Record) -> str:
    return control.data[:4][::-1].decode("latin-1")


def _lists(records: Sequence[Record]) -> Iterator[tuple[Record, list[Record]]]:
    """(list header, its paragraphs) for each list in a run of sibling records."""
    head, paragraphs = None, list[Record]()
    for record in records:
        if record.tag == LIST_HEADER:
            if head:
                yield head, paragraphs
            head, paragraphs = record, []
        elif record.tag == PARA_HEADER:
            paragraphs.append(record)
    if head:
        yield head, paragraphs


def _frames(record: Record) -> Iterator[Record]:
    """Records, from `record` down, that hold paragraphs of a frame; grouped shapes nest."""
    if any(item.tag == PARA_HEADER for item in record.children):
        yield record
    for item in record.children:
        if item.tag not in (PARA_HEADER, LIST_HEADER):
            yield from _frames(item)


def _flatten(records: Sequence[Record]) -> Iterator[Record]:
    for record in records:
        yield record
        yield from _flatten(record.children)


def _read_shape(record: Record) -> ParagraphShape:
    bits = record.u32(0)
    return ParagraphShape(bits >> 23 & 3, bits >> 25 & 7, str(record.u16(30)))


def _read_numbering(record: Record) -> list[NumberLevel]:
    """Seven levels: attributes of the head in 12 bytes, then its form, such as "^1." or "제^1장"."""
    levels, offset = list[NumberLevel](), 0
    while len(levels) < 7 and offset + 14 <= len(record.data):
        style = record.u32(offset) >> 5 & 0xF
        form = record.text(offset + 12)
        levels.append(
            NumberLevel(_NUMBER_STYLES[style] if style < len(_NUMBER_STYLES) else "decimal", form.replace("^", "%"))
        )
        offset += 14 + 2 * len(form)
    return levels
