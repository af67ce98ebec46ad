"""What a loader gives: pages of a document, each with its place, as Markdown-flavoured text.

A new format is one file in ingest/loaders that exports LOADER; a contract test runs over everything discovered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.types import Locator


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. The app takes them from the settings."""

    file_mb: int = 200
    pages: int = 5_000
    characters: int = 20_000_000
    unpacked_mb: int = 1_000
    unpack_ratio: int = 200


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a document with one place: a PDF page, a slide, a notebook cell, a Markdown section.

    text: Unicode NFC; headings as Markdown `#` lines only where the locator does not already hold them; tables as Markdown
    tables; code in fences. locator.headings: the path that holds for the whole of `text`.
    """

    text: str
    locator: Locator


class Loader(Protocol):
    """Reads one format. `format` is its short name (pdf, docx, …); suffixes in lower case with the dot.

    text_based: any text file can be read as this format, so where no content proves another one the suffix decides.
    """

    format: str
    suffixes: tuple[str, ...]
    text_based: bool

    def sniff(self, head: bytes, path: Path) -> bool:
        """Whether the content (its first 64 KiB, and the file itself for containers) is of this format."""

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """Pages in reading order, lazily. Raises DocumentError with the true reason."""
