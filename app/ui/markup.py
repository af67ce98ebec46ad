"""Text of documents and models as HTML that cannot do anything: all of it is escaped, a few Markdown marks become tags.

Only tags written in this file ever come out, and none of them loads or links anywhere: links and images stay the text they
were. `**bold**`, `` `code` ``, `$formulas$`, fences, list items, headings and table rows are shown as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape

from app.ui.formulas import formula

SHOWN_CHARACTERS = 40_000
MARK = re.compile(r"\[(\d{1,2})\]")
_CODE = re.compile(r"(`[^`\n]+`|\$\$?[^$`\s{](?:[^$`\n]*[^$`\s])?\$\$?(?!\d))")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_ITEM = re.compile(r"^\s*([-*+•·▪]|\d{1,3}[.)])\s+(.*)$")
_HEADING = re.compile(r"^\s*#{1,6}\s+(.*)$")
_ROW = re.compile(r"^\s*\|(.*)\|\s*$")
_RULE = re.compile(r"^\s*\|?[\s:|-]*-{3,}[\s:|-]*\|?\s*$")

Chip = Callable[[int], str]


def attribute(value: object) -> str:
    """A value for use between double quotes in a tag."""
    return escape(str(value), quote=True)


def inline(text: str, chip: Chip | None = None) -> str:
    """One run of text. chip: makes the HTML of `[n]`; without it the mark stays text."""
    parts = _CODE.split(text)
    return "".join(_special(part) if number % 2 else _plain(part, chip) for number, part in enumerate(parts))


def _special(part: str) -> str:
    """Code or a formula, with its marks."""
    if part.startswith("`"):
        return f"<code>{escape(part[1:-1], quote=False)}</code>"
    return f'<span class="cm-math">{formula(part.strip("$"))}</span>'


def _plain(text: str, chip: Chip | None) -> str:
    bold = _BOLD.sub(r"<b>\1</b>", escape(text, quote=False))
    return MARK.sub(lambda m: chip(int(m[1])), bold) if chip else bold


def blocks(text: str, chip: Chip | None = None) -> str:
    """Several lines: paragraphs, list items, headings, table rows and code. Cut at `SHOWN_CHARACTERS`."""
    shown, fence, out = text[:SHOWN_CHARACTERS], False, []
    for line in shown.split("\n"):
        if _FENCE.match(line):
            out.append("</code></pre>" if fence else '<pre tabindex="0"><code>')
            fence = not fence
        elif fence:
            out.append(escape(line) + "\n")
        else:
            out.append(line_of(line, chip))
    if fence:
        out.append("</code></pre>")
    return "".join(out) + ("…" if len(text) > SHOWN_CHARACTERS else "")


def line_of(line: str, chip: Chip | None = None) -> str:
    """One line as a block element; "" for an empty line or a table's rule."""
    if not line.strip() or _RULE.match(line):
        return ""
    if item := _ITEM.match(line):
        return f'<div class="cm-item"><span>{escape(item[1])}</span><span>{inline(item[2], chip)}</span></div>'
    if heading := _HEADING.match(line):
        return f'<div class="cm-heading">{inline(heading[1], chip)}</div>'
    if row := _ROW.match(line):
        return f'<div class="cm-row">{cells(row[1].split("|"), chip)}</div>'
    return f"<p>{inline(line, chip)}</p>"


def cells(values: Iterable[str], chip: Chip | None = None) -> str:
    """Cells of a table row."""
    return "".join(f"<span>{inline(value.strip(), chip)}</span>" for value in values)


def is_block(text: str) -> bool:
    """Whether a sentence has to stand on its own lines: code, a list item, a table row, a heading."""
    return bool("```" in text or _ITEM.match(text) or _ROW.match(text) or _HEADING.match(text))
