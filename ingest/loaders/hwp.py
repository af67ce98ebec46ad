"""HWP 5 (한글 2002 and later): the OLE container, and what its header says about versions and protection."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from ingest.base import Limits, Page
from ingest.loaders.hwp_records import HwpFormatError, Record, decrypt_distribution, read_tree, unpack
from ingest.loaders.hwp_text import Section, read_outline
from ingest.loaders.markdown import Heading, section_pages
from ingest.loaders.text import with_titles
from ingest.safe_ole import OLE_MAGIC, SafeOle, stream_names
from models.errors import DocumentError

SIGNATURE = b"HWP Document File"
_COMPRESSED, _PASSWORD, _DISTRIBUTION, _DRM, _CERTIFICATE = 1, 2, 4, 16, 256


class HwpLoader:
    """Sections of an HWP 5 document; distribution documents too."""

    format = "hwp"
    suffixes = (".hwp",)
    text_based = False

    def sniff(self, head: bytes, path: Path) -> bool:
        """An OLE container with HWP's streams."""
        return head.startswith(OLE_MAGIC) and {"FileHeader", "DocInfo"} <= stream_names(path)

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """One page for each section between headings."""
        try:
            with SafeOle(path) as ole:
                items = with_titles(_items(_Document(ole, limits)))
            yield from section_pages(items)
        except HwpFormatError as error:
            raise DocumentError(path.name, "unsafe" if error.unsafe else "broken", str(error)) from error


class _Document:
    """The streams of a document, unpacked."""

    def __init__(self, ole: SafeOle, limits: Limits) -> None:
        self._ole, self._limits = ole, limits
        header = ole.read("FileHeader")
        if not header.startswith(SIGNATURE) or len(header) < 40:
            raise HwpFormatError("its header is not that of an HWP file")
        version, flags = header[35], int.from_bytes(header[36:40], "little")
        if version != 5:
            raise DocumentError(ole.name, "unsupported", f"HWP version {version}; version 5 is read")
        if flags & (_PASSWORD | _DRM | _CERTIFICATE):
            raise DocumentError(ole.name, "encrypted")
        self._compressed, self._distribution = bool(flags & _COMPRESSED), bool(flags & _DISTRIBUTION)

    def information(self) -> list[Record]:
        """Records of styles, shapes and numberings."""
        return read_tree(self._unpacked(self._ole.read("DocInfo")))

    def sections(self) -> Iterator[list[Record]]:
        """Records of each section in order."""
        folder, names = "ViewText" if self._distribution else "BodyText", self._ole.names()
        for number in itertools.count():
            name = f"{folder}/Section{number}"
            if name not in names:
                return
            data = self._ole.read(name)
            yield read_tree(self._unpacked(decrypt_distribution(data) if self._distribution else data))

    def _unpacked(self, data: bytes) -> bytes:
        return unpack(data, self._limits) if self._compressed else data


def _items(document: _Document) -> Iterator[Heading | str]:
    section = Section(read_outline(document.information()))
    for records in document.sections():
        yield from section.items(records)


LOADER = HwpLoader()
