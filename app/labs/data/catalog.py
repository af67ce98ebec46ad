"""The catalogue of datasets (`catalog.toml`) as values: what there is, under which licence, and where each may lie."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.labs.data.base import Kind
from models.errors import InputError

CATALOG = Path(__file__).with_name("catalog.toml")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hub(_Entry):
    """A dataset of the Hugging Face Hub. repository: its id, or a local folder of the same form; columns: input(s), then target."""

    repository: str
    revision: str = ""
    columns: tuple[str, ...] = Field(min_length=2, max_length=3)


class Debian(_Entry):
    """Where a Debian package puts the published files."""

    folder: Path
    package: str


class Entry(_Entry):
    """One dataset. rows: of train and test as published; shape: of one picture; the sources are described in catalog.toml."""

    name: str
    label: str
    kind: Kind
    licence: str
    rows: tuple[int, int]
    cite: str = ""
    classes: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    hub: Hub | None = None
    published: tuple[str, ...] = ()
    debian: Debian | None = None
    package: str = ""
    package_options: dict[str, bool] = Field(default_factory=dict)
    made: str = ""
    stand_ins: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _something_to_load(self) -> Entry:
        if not (self.hub or self.published or self.package or self.made):
            raise ValueError(f"{self.name} has no source")
        if (self.kind == "pictures") != bool(self.shape):
            raise ValueError(f"{self.name}: pictures, and only they, have a shape")
        return self


@cache
def catalog(path: Path = CATALOG) -> dict[str, Entry]:
    """Name -> entry, in the file's order. Raises ValueError where the file breaks the schema above."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    if set(tables) != {"dataset"}:
        raise ValueError(f"{path}: unknown tables {sorted(set(tables) - {'dataset'})}")
    entries = [Entry.model_validate(table) for table in tables["dataset"]]
    return {entry.name: entry for entry in entries}


def find(name: str) -> Entry:
    """Raises InputError for a name that is not in the catalogue."""
    if name not in catalog():
        known = ", ".join(catalog())
        detail = f"there is no dataset {name!r}: use one of {known}"
        raise InputError(detail=detail, text_key="labdata.unknown", name=name, known=known)
    return catalog()[name]
