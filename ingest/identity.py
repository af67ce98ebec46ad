"""Which document a file is, and under which name people see it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path

from ingest.catalog import Catalog, DocumentRecord
from ingest.files import unique_name

_ID_HEX = 16


class Identity:
    """Looks a file up in the catalogue."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def at(self, path: Path) -> DocumentRecord | None:
        """The document that came from this path."""
        return next(iter(self._catalog.documents("WHERE d.path = ?", (os.fsencode(path),))), None)

    def with_content(self, sha256: str) -> list[DocumentRecord]:
        """Documents of exactly these bytes."""
        return self._catalog.documents("WHERE d.sha256 = ?", (sha256,))

    def free_source(self, path: Path, reserved: Collection[str], owner: str = "") -> str:
        """The shortest name for the file that no document but `owner` (an id) has, and that is not reserved."""
        return unique_name(path, lambda name: name in reserved or self._has("source = ? AND id != ?", name, owner))

    def free_id(self, source: str, reserved: Collection[str]) -> str:
        """A document id made from its source: the same on every machine, unless a renamed document holds it already."""
        number = 0
        while True:
            seed = source if number == 0 else f"{source}\0{number}"
            document_id = hashlib.sha256(seed.encode()).hexdigest()[:_ID_HEX]
            if document_id not in reserved and not self._has("id = ?", document_id):
                return document_id
            number += 1

    def _has(self, condition: str, *values: str) -> bool:
        return bool(self._catalog.rows(f"SELECT 1 FROM documents WHERE {condition}", values))  # noqa: S608
