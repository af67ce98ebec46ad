"""Jupyter notebooks: a page for each cell, with the headings of the Markdown cells above it; outputs in short.

The JSON is read directly: validation against nbformat's schema rejects notebooks that every reader opens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.base import Limits, Page
from ingest.decoding import decode, is_text
from ingest.loaders.markdown import Heading, render_markdown, scan, section_pages
from ingest.markup import fence
from models.errors import DocumentError
from models.types import Locator

OUTPUT_LINES, OUTPUT_CHARACTERS = 15, 1_000
_ANSI = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_OBJECT = re.compile(r"<[\w.]+ .{0,200}>$|<Figure ")


class NotebookLoader:
    """Cells of a notebook, nbformat 3 and 4."""

    format = "ipynb"
    suffixes = (".ipynb",)
    text_based = True

    def sniff(self, head: bytes, path: Path) -> bool:
        """A JSON object with cells."""
        return head.lstrip()[:1] == b"{" and is_text(head) and (b'"cell_type"' in head or b'"nbformat"' in head)

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """One page for each cell with text, or a few where a Markdown cell has headings."""
        notebook = _read(path)
        language = _language(notebook)
        yield from section_pages(_items(_cells(notebook, path), language), render=render_markdown)


def _read(path: Path) -> dict[str, Any]:
    try:
        notebook = json.loads(decode(path.read_bytes()))
    except (ValueError, RecursionError) as error:
        raise DocumentError(path.name, "broken", "its JSON cannot be read") from error
    if not isinstance(notebook, dict):
        raise DocumentError(path.name, "broken", "it is not a notebook")
    return notebook


def _cells(notebook: dict[str, Any], path: Path) -> list[Any]:
    version = notebook.get("nbformat")
    if version == 3:
        sheets = notebook.get("worksheets")
        cells = (
            [cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells", [])]
            if isinstance(sheets, list)
            else None
        )
    elif version == 4:
        cells = notebook.get("cells")
    else:
        raise DocumentError(path.name, "unsupported", f"nbformat {version!r}; 3 and 4 are read")
    if not isinstance(cells, list):
        raise DocumentError(path.name, "broken", "it has no list of cells")
    return cells


def _items(cells: list[Any], language: str) -> Iterator[Heading | Locator | str]:
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            continue
        yield Locator(cell=number)
        kind, source = cell.get("cell_type"), _text(cell.get("source", cell.get("input")))
        if kind == "heading":  # nbformat 3
            level = cell.get("level")
            yield Heading(level if isinstance(level, int) and 0 < level < 7 else 1, " ".join(source.split()))
        elif kind == "code" and source.strip():
            yield fence(source.strip("\n"), language)
            yield from _outputs(cell.get("outputs"))
        elif kind == "markdown":
            yield from scan(source)
        elif kind == "raw":
            yield source


def _outputs(outputs: Any) -> Iterator[str]:
    shown = [_output(output) for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []
    text = _short("\n".join(part for part in shown if part.strip()))
    if text:
        yield "\n출력:\n" + fence(text)


def _output(output: dict[str, Any]) -> str:
    """An output's text; pictures, widgets and bare object names have none."""
    if output.get("output_type") in ("error", "pyerr"):
        return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    data = output.get("data")
    text = _text(output.get("text") or (data.get("text/plain") if isinstance(data, dict) else None))
    return "" if _OBJECT.match(text.strip()) else text


def _short(text: str) -> str:
    lines = _ANSI.sub("", text).strip("\n").split("\n")
    cut = "\n".join(lines[:OUTPUT_LINES])[:OUTPUT_CHARACTERS]
    return cut if len(cut) == len("\n".join(lines)) else f"{cut}\n…"


def _text(value: Any) -> str:
    """A string, or the lines that notebooks store instead of one."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    info = metadata.get("language_info") if isinstance(metadata, dict) else None
    name = info.get("name") if isinstance(info, dict) else None
    return name if isinstance(name, str) and name.isalnum() else "python"


LOADER = NotebookLoader()
