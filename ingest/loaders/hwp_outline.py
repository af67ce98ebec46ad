"""What HWP and HWPX keep apart from a paragraph's text: its heading level, and the number or bullet drawn before it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.loaders.markdown import Heading
from ingest.loaders.numbering import NumberCounter
from ingest.markup import DEEPEST_INDENT

HEADING_CHARACTERS = 100  # outline levels are also put on body text; a longer paragraph is that
OUTLINE, NUMBERED, BULLET = 1, 2, 3  # kinds of a paragraph shape's head
_STYLE_NAME = re.compile(r"(?:개요|제목|Outline|Heading) ?([1-9])$")


@dataclass(frozen=True, slots=True)
class ParagraphShape:
    """What is drawn before a paragraph: kind of head (0 for none), its level from 0, id of its numbering ("" or "0": the outline's)."""

    kind: int = 0
    level: int = 0
    numbering: str = ""


@dataclass(slots=True)
class Outline:
    """Shapes by id, heading levels of styles by id, the running numbers; numbering: the one that outline levels use."""

    shapes: Mapping[int, ParagraphShape] = field(default_factory=dict)
    style_levels: Mapping[int, int] = field(default_factory=dict)
    counter: NumberCounter = field(default_factory=lambda: NumberCounter({}))
    numbering: str = "1"

    def dress(self, text: str, shape_id: int, style_id: int) -> Heading | str:
        """A paragraph's text, not empty, as heading or block, with what is drawn before it."""
        shape = self.shapes.get(shape_id, ParagraphShape())
        level = shape.level + 1 if shape.kind == OUTLINE else self.style_levels.get(style_id, 0)
        marker = self._marker(shape)
        if level and len(text) <= HEADING_CHARACTERS and "\n" not in text:
            return Heading(level, f"{marker} {text}".strip())
        return f"{marker} {text}\n" if marker else f"{text}\n"

    def _marker(self, shape: ParagraphShape) -> str:
        if shape.kind == BULLET:
            return "  " * min(shape.level, DEEPEST_INDENT) + "-"
        if shape.kind not in (OUTLINE, NUMBERED):
            return ""
        own = shape.numbering if shape.numbering not in ("", "0") else self.numbering
        return self.counter.marker(own, shape.level)


def style_level(name: str) -> int:
    """Heading level of a style called 개요 1 … 개요 9 or 제목 1 …; 0 for any other."""
    found = _STYLE_NAME.match(name.strip())
    return int(found[1]) if found else 0
