"""The datasets of a home: HOME/finetune/data/<name>/ with train.jsonl, validation.jsonl, test.jsonl and about.json.

    datasets = Datasets(home)
    datasets.save("mine", parts, prompt="compact", licences={"MIT": 12})
    for example in datasets.find("mine").examples("train"): ...

A dataset is written beside its place and renamed into it: there is a whole one or none. Its hash is over what its examples say.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from finetune.base import PARTS, Example, Part
from models.errors import InputError

ABOUT = "about.json"
_NAME = re.compile(r"[\w가-힣][\w가-힣.-]{0,59}")


@dataclass(frozen=True, slots=True)
class About:
    """What a dataset is. counts: examples by part. origins, kinds: examples by that. licences: examples by licence of their
    document. tokens: median, p95 and most of an example, where they were counted. prompt: the template that the examples are
    rendered with, which is the one an adapter trained on them wants. dropped: how many examples were left out, by reason.
    documents: by part. sha256: see `content_hash`.
    """

    name: str
    sha256: str
    made: str
    counts: Mapping[str, int]
    origins: Mapping[str, int]
    kinds: Mapping[str, int]
    documents: Mapping[str, int]
    prompt: str = ""
    licences: Mapping[str, int] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Told:
    """What the maker of a dataset says of it; the rest of `About` is counted."""

    prompt: str = ""
    licences: Mapping[str, int] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that is there."""

    folder: Path
    about: About

    def examples(self, part: Part) -> list[Example]:
        """In their order. Raises InputError for a file that is broken or gone."""
        return list(_read(self.folder / f"{part}.jsonl"))


class Datasets:
    """The datasets below home/finetune/data."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "finetune" / "data"

    def all(self) -> list[Dataset]:
        """By name; what is no dataset of ours is passed over."""
        found = []
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else []:
            if folder.is_dir() and not folder.name.startswith("."):
                with contextlib.suppress(InputError):
                    found.append(self.find(folder.name))
        return found

    def find(self, name: str) -> Dataset:
        """Raises InputError where there is none of that name, or its about.json cannot be read."""
        folder = self.folder / checked_name(name)
        try:
            about = About(**json.loads((folder / ABOUT).read_text(encoding="utf-8")))
        except FileNotFoundError:
            there = ", ".join(path.parent.name for path in sorted(self.folder.glob(f"[!.]*/{ABOUT}"))) or "-"
            detail = f"There is no dataset {name!r}; there are: {there}. Make one with `coursemate finetune data make`"
            raise InputError(detail=detail, text_key="dataset.no_dataset", name=name, there=there) from None
        except (OSError, ValueError, TypeError) as error:
            detail = f"The dataset {name!r} is broken ({error}); remove it and make it again"
            raise InputError(detail=detail, text_key="dataset.broken_dataset", name=name, why=str(error)) from None
        return Dataset(folder, about)

    def check_free(self, name: str) -> None:
        """Before any work. Raises InputError for a name that cannot be one or is taken."""
        if (self.folder / checked_name(name)).exists():
            detail = (
                f"There is a dataset {name!r} already; choose another name, or `coursemate finetune data remove {name}`"
            )
            raise InputError(detail=detail, text_key="dataset.dataset_there", name=name)

    def save(self, name: str, parts: Mapping[Part, Sequence[Example]], told: Told) -> Dataset:
        """Writes a new dataset in one step. Raises InputError where the name is taken or nothing is to be trained on, OSError."""
        self.check_free(name)
        if not parts.get("train"):
            detail = "No example is left to train on; give more documents or rows"
            raise InputError(detail=detail, text_key="dataset.nothing_to_train")
        about = _about(name, parts, told)
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=self.folder, prefix=".draft-"))
        try:
            for part in PARTS:
                lines = (json.dumps(example.to_dict(), ensure_ascii=False) for example in parts.get(part, ()))
                (draft / f"{part}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            text = json.dumps(asdict(about), ensure_ascii=False, indent=1)
            (draft / ABOUT).write_text(text + "\n", encoding="utf-8")
            draft.chmod(0o755)
            draft.rename(self.folder / name)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return Dataset(self.folder / name, about)

    def remove(self, name: str) -> None:
        """Takes the dataset away in one step, then its files. Raises InputError where there is none."""
        folder = self.folder / checked_name(name)
        if not folder.is_dir():
            self.find(name)
        going = Path(tempfile.mkdtemp(dir=self.folder, prefix=".gone-"))
        folder.rename(going / name)
        shutil.rmtree(going, ignore_errors=True)


def checked_name(name: str) -> str:
    """The name in one Unicode form. Raises InputError for what cannot name a folder."""
    composed = unicodedata.normalize("NFC", name.strip())
    if not _NAME.fullmatch(composed) or composed.endswith("."):
        detail = f"{name[:60]!r} cannot name a dataset; use letters, digits, dots, hyphens and underscores, at most 60"
        raise InputError(detail=detail, text_key="dataset.bad_dataset_name", name=name[:60])
    return composed


def content_hash(parts: Mapping[Part, Sequence[Example]]) -> str:
    """SHA-256 over part, messages and document of every example in order: the same data have the same hash on every machine."""
    digest = hashlib.sha256()
    for part in PARTS:
        for example in parts.get(part, ()):
            said = [part, [dict(message) for message in example.messages], example.document, example.kind]
            digest.update(json.dumps(said, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def _about(name: str, parts: Mapping[Part, Sequence[Example]], told: Told) -> About:
    everything = [example for part in PARTS for example in parts.get(part, ())]
    return About(
        name=name,
        sha256=content_hash(parts),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        counts={part: len(parts.get(part, ())) for part in PARTS},
        origins=dict(Counter(example.origin for example in everything).most_common()),
        kinds=dict(Counter(example.kind for example in everything).most_common()),
        documents={part: len({example.document for example in parts.get(part, ())} - {""}) for part in PARTS},
        prompt=told.prompt,
        licences=told.licences,
        tokens=told.tokens,
        dropped=told.dropped,
        options=told.options,
    )


def _read(path: Path) -> Iterator[Example]:
    try:
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.strip():
                yield Example.from_dict(json.loads(line))
    except (OSError, ValueError, TypeError, KeyError) as error:
        detail = f"{path} cannot be read ({error}); remove the dataset and make it again"
        raise InputError(
            detail=detail, text_key="dataset.broken_dataset", name=path.parent.name, why=str(error)
        ) from None
