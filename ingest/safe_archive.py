"""Zip containers and XML from strangers: sizes are judged before anything is unpacked, entities are refused.

A member is only ever read into memory, never written to disk. XML with a document type is refused as a whole: that is
where entities that multiply, or that name files and addresses, live, and no office format needs one.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from lxml import etree

from ingest.base import Limits
from models.errors import DocumentError

ZIP_MAGIC = b"PK\x03\x04"
ENTRIES = 10_000
DIRECTORY_BYTES = 8_000_000
HARMLESS_BYTES = 20_000_000  # below this, no ratio of compression is a bomb
_END_RECORD = b"PK\x05\x06"
_DOCTYPE = re.compile(
    b"|".join(
        re.escape(mark.encode(encoding))
        for mark in ("<!DOCTYPE", "<!ENTITY")
        for encoding in ("utf-8", "utf-16-le", "utf-16-be")
    )
)
READ_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, ValueError, OSError)


class SafeArchive:
    """A zip file within the limits; a context manager. All methods raise DocumentError only."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.name = path.name
        _check_directory(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except READ_ERRORS as error:
            raise DocumentError(self.name, "broken", f"its zip container cannot be read: {error}") from error
        self._check(path, limits)

    def __enter__(self) -> SafeArchive:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._zip.close()

    def names(self) -> list[str]:
        """Members, in the order of the directory."""
        return self._zip.namelist()

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def read(self, name: str) -> bytes:
        """A member's bytes, at most the size the directory says."""
        try:
            return self._zip.read(name)
        except KeyError as error:
            raise DocumentError(self.name, "broken", f"{name} is missing in it") from error
        except RuntimeError as error:  # what zipfile raises for a member with a password
            raise DocumentError(self.name, "encrypted", name) from error
        except READ_ERRORS as error:
            raise DocumentError(self.name, "broken", f"{name} in it is damaged") from error

    def xml(self, name: str) -> etree._Element:
        """A member's root element."""
        return parse_xml(self.read(name), self.name, name)

    def _check(self, path: Path, limits: Limits) -> None:
        entries = self._zip.infolist()
        if len(entries) > ENTRIES:
            raise DocumentError(self.name, "unsafe", f"{len(entries)} members, {ENTRIES} are allowed")
        for entry in entries:
            place = PurePosixPath(entry.filename.replace("\\", "/"))
            if place.is_absolute() or ".." in place.parts or re.match(r"[A-Za-z]:", entry.filename):
                raise DocumentError(self.name, "unsafe", f"a member is named {entry.filename!r}")
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > limits.unpacked_mb * 1_000_000:
            raise DocumentError(
                self.name, "unsafe", f"unpacks to {unpacked / 1e6:.0f} MB, {limits.unpacked_mb} are allowed"
            )
        ratio = unpacked / max(path.stat().st_size, 1)
        if unpacked > HARMLESS_BYTES and ratio > limits.unpack_ratio:
            raise DocumentError(
                self.name, "unsafe", f"unpacks to {ratio:.0f} times its size, {limits.unpack_ratio} are allowed"
            )


def parse_xml(data: bytes, document: str, part: str) -> etree._Element:
    """Root of an XML text; no entities, no network, no giant trees. Raises DocumentError `unsafe` or `broken`."""
    if _DOCTYPE.search(data):
        raise DocumentError(document, "unsafe", f"{part} declares a document type")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError(document, "broken", f"{part} is not well-formed XML") from error
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise DocumentError(document, "unsafe", f"{part} declares a document type")
    return root


def member_names(path: Path) -> frozenset[str]:
    """Names in a zip container, for recognising its format; empty where it cannot be listed."""
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            return frozenset(archive.namelist())
    except (DocumentError, *READ_ERRORS):
        return frozenset()


def _check_directory(path: Path) -> None:
    """Refuses a directory too large to be listed in memory, before zipfile lists it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_557))
        tail = file.read()
    start = tail.rfind(_END_RECORD)
    if start < 0 or len(tail) < start + 16:
        return
    size = struct.unpack_from("<I", tail, start + 12)[0]
    if size > DIRECTORY_BYTES:
        raise DocumentError(path.name, "unsafe", f"its zip directory takes {size / 1e6:.0f} MB")
