"""One door to every format: `load_pages(path, limits)` finds the format by content and gives the document's pages.

    >>> kind, pages = load_pages(Path("notes.md"), Limits())     # ("md", <iterator of Page>)

Whatever a file holds, only pages or a DocumentError with the true reason come out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from ingest.base import Limits, Loader, Page
from ingest.cleaning import clean, neutralise
from ingest.decoding import is_text
from ingest.markup import open_fence
from ingest.signatures import describe, is_encrypted_office
from models.discovery import discover
from models.errors import DocumentError

HEAD_BYTES = 64 * 1024
PAGE_CHARACTERS = 100_000  # a longer page is cut: what follows works on whole pages


@cache
def loaders() -> tuple[Loader, ...]:
    """Every loader in ingest/loaders, by module name."""
    return tuple(discover("ingest.loaders", "LOADER").values())


def suffixes() -> frozenset[str]:
    """The suffixes a folder is searched for, lower case with the dot."""
    return frozenset(suffix for loader in loaders() for suffix in loader.suffixes)


def load_pages(path: Path, limits: Limits) -> tuple[str, Iterator[Page]]:
    """The document's format and its pages in reading order, cleaned, none empty, read lazily.

    Raises DocumentError at once where the file cannot be opened or its format is not supported; the iterator raises it
    where the trouble is met, after the pages before it, and `empty` where the document holds no text at all.
    """
    head = _read_head(path, limits)
    loader = find_loader(path, head)
    return loader.format, _finish(loader.load(path, limits), path, limits)


def find_loader(path: Path, head: bytes) -> Loader:
    """The loader whose format the content proves; for plain text, the one of the suffix. Raises DocumentError."""
    suffix = path.suffix.lower()
    proven = [loader for loader in loaders() if loader.sniff(head, path)]
    by_suffix = next((loader for loader in loaders() if suffix in loader.suffixes), None)
    if proven:
        return by_suffix if by_suffix in proven and by_suffix is not None else proven[0]
    if is_encrypted_office(head, path):
        raise DocumentError(path.name, "encrypted")
    foreign = describe(head, path)
    if foreign:
        raise DocumentError(path.name, "unsupported", foreign)
    if not is_text(head):
        if by_suffix is None or by_suffix.text_based:
            raise DocumentError(path.name, "unsupported", "binary data of no known format")
        raise DocumentError(path.name, "broken", f"its content is not that of a {suffix} file")
    if by_suffix is None and suffix:
        raise DocumentError(path.name, "unsupported", f"{suffix} is not read; {' '.join(sorted(suffixes()))} are")
    if by_suffix is not None and by_suffix.text_based:
        return by_suffix
    return next(loader for loader in loaders() if loader.format == "txt")


def _read_head(path: Path, limits: Limits) -> bytes:
    """First 64 KiB of a regular file within the size limit. Raises DocumentError."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError(path.name, "unreadable", "it is not a regular file")
        if status.st_size == 0:
            raise DocumentError(path.name, "empty", "0 bytes")
        if status.st_size > limits.file_mb * 1_000_000:
            detail = f"{status.st_size / 1e6:.0f} MB, the limit is {limits.file_mb} MB"
            raise DocumentError(path.name, "too_large", detail)
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        detail = f"a link to {path.readlink()}, which is gone" if path.is_symlink() else ""
        raise DocumentError(path.name, "not_found", detail) from error
    except ValueError as error:  # a NUL in the name
        raise DocumentError(path.name.replace("\0", "?"), "not_found", str(error)) from error
    except OSError as error:
        raise DocumentError(path.name, "unreadable", os.strerror(error.errno or 0)) from error


def _finish(pages: Iterator[Page], path: Path, limits: Limits) -> Iterator[Page]:
    """Cleans pages, drops empty ones, cuts giant ones, and holds the limit of characters."""
    characters = 0
    for page in _reading(pages, path):
        text = neutralise(clean(page.text))
        characters += len(text)
        if characters > limits.characters:
            raise DocumentError(path.name, "too_large", f"more than {limits.characters} characters")
        headings = tuple(filter(None, (" ".join(clean(heading).split()) for heading in page.locator.headings)))
        for piece in _cut(text):
            yield Page(piece, replace(page.locator, headings=headings))
    if not characters:
        raise DocumentError(path.name, "empty")


def _reading(pages: Iterator[Page], path: Path) -> Iterator[Page]:
    try:
        yield from pages
    except OSError as error:
        raise DocumentError(path.name, "unreadable", os.strerror(error.errno or 0)) from error


def _cut(text: str) -> Iterator[str]:
    """Pieces of at most about PAGE_CHARACTERS, cut at a paragraph, line or word; a fence cut in two stays two fences."""
    while len(text) > PAGE_CHARACTERS:
        places = (text.rfind(mark, PAGE_CHARACTERS // 2, PAGE_CHARACTERS) for mark in ("\n\n", "\n", " "))
        end = next((place for place in places if place > 0), PAGE_CHARACTERS)
        piece, text = text[:end].strip("\n"), text[end:].lstrip("\n")
        marks = open_fence(piece)
        yield f"{piece}\n{marks}" if marks else piece
        text = f"{marks}\n{text}" if marks else text
    if text.strip():
        yield text
