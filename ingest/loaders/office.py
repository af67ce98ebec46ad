"""The package under docx and pptx (Open Packaging Conventions, ECMA-376 part 2): parts, and the relations between them.

Read with lxml alone: python-docx and python-pptx parse every part of a package on opening, footnotes, formulas and content
controls are out of their model, and what they raise on a damaged file is not a fixed set.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from ingest.base import Limits
from ingest.safe_archive import SafeArchive
from models.errors import DocumentError

_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True, slots=True)
class Relation:
    """kind: last word of the relation's type (slide, notesSlide, styles, …); target: the part's name in the package."""

    kind: str
    target: str


class OfficePackage:
    """A docx or pptx file; a context manager. Raises DocumentError only."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.name = path.name
        self._archive = SafeArchive(path, limits)

    def __enter__(self) -> OfficePackage:
        return self

    def __exit__(self, *details: object) -> None:
        self._archive.close()

    def part(self, name: str) -> etree._Element:
        """Root element of the part `name`."""
        return self._archive.xml(name)

    def main_part(self) -> str:
        """Name of the document itself."""
        found = (relation.target for relation in self.relations("").values() if relation.kind == "officeDocument")
        name = next(found, "")
        if not name:
            raise DocumentError(self.name, "broken", "the package names no document")
        return name

    def relations(self, part: str) -> Mapping[str, Relation]:
        """Relation id -> Relation of a part ("" is the package); external targets are left out, as nothing is fetched."""
        folder, file = posixpath.split(part)
        name = posixpath.join(folder, "_rels", f"{file}.rels")
        if name not in self._archive:
            return {}
        return {
            item.get("Id", ""): Relation(
                item.get("Type", "").rsplit("/", 1)[-1], _resolve(folder, item.get("Target", ""))
            )
            for item in self._archive.xml(name).iter(_RELATION)
            if item.get("TargetMode") != "External"
        }

    def related(self, part: str, kind: str) -> etree._Element | None:
        """Root of the first existing part of that kind, None where there is none."""
        targets = (relation.target for relation in self.relations(part).values() if relation.kind == kind)
        return next((self.part(target) for target in targets if target in self._archive), None)


def _resolve(folder: str, target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
