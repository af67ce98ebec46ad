"""What works on this machine, what is missing, and what to do about it. `coursemate doctor`, and the settings page.

Looks only: nothing is loaded, fetched or mended. `needed` marks what the default use cannot do without.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import machine
from app.commands.console import size
from app.local_model import EMBEDDER_WEIGHTS
from app.ui.context import DoctorLine
from app.ui.i18n import Language, localize, text
from models.errors import CourseMateError

if TYPE_CHECKING:
    from app.wiring import Wiring

CORE = ("gradio", "langchain-core", "chromadb", "tantivy", "kiwipiepy", "onnxruntime", "xllamacpp")
HF = ("torch", "transformers", "peft", "sentence-transformers")
MEMORY_BYTES, DISK_BYTES = 3_500_000_000, 2_500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """name: stable, for machines. value: what was found. fix: what to do, "" where all is well."""

    name: str
    value: str
    ok: bool = True
    needed: bool = False
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def line(self, lang: Language) -> DoctorLine:
        """For people: the label, and the fix beside the value."""
        fix = f" · {text('cli.doctor_fix', lang, fix=self.fix)}" if self.fix else ""
        return DoctorLine(self.label(lang), self.value + fix, self.ok)

    def label(self, lang: Language) -> str:
        """ "backend local" in the language: the first word is a text, the rest a name."""
        kind, _, rest = self.name.partition(" ")
        return f"{text(f'doctor.{kind}', lang)} {rest}".strip()


def examine(wiring: Wiring) -> list[Finding]:
    """All findings, the machine's first."""
    lang = wiring.settings.language
    return [
        *_machine(wiring, lang),
        *_packages(lang),
        *_weights(wiring, lang),
        *_backends(wiring),
        *_stores(wiring, lang),
    ]


def _machine(wiring: Wiring, lang: Language) -> Iterator[Finding]:
    yield Finding("version", importlib.metadata.version("coursemate"))
    python = f"{platform.python_version()} ({platform.system()} {platform.machine()})"
    good = sys.version_info >= (3, 11)
    yield Finding("python", python, good, True, "" if good else text("doctor.fix_python", lang))
    yield Finding("cores", str(machine.cores()))
    memory = machine.memory()
    good = memory.available >= MEMORY_BYTES
    value = text("doctor.memory_value", lang, available=size(memory.available), total=size(memory.total))
    yield Finding("memory", value, good, fix="" if good else text("doctor.fix_memory", lang))
    free = machine.free_disk(wiring.home)
    good = free >= DISK_BYTES
    value = text("doctor.disk_value", lang, free=size(free), folder=str(wiring.home))
    yield Finding("disk", value, good, fix="" if good else text("doctor.fix_disk", lang))
    writable = _writable(wiring.home)
    fix = "" if writable else text("doctor.fix_home", lang, folder=str(wiring.home))
    yield Finding("home", str(wiring.home), writable, True, fix)
    yield Finding("gpu", "; ".join(machine.gpus()) or text("doctor.no_gpu", lang))


def _writable(folder: Path) -> bool:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return True
    except OSError:
        return False


def _packages(lang: Language) -> Iterator[Finding]:
    for names, needed, fix in ((CORE, True, "doctor.fix_core"), (HF, False, "doctor.fix_hf")):
        for name in names:
            version = _version(name)
            value = version or text("doctor.absent", lang)
            yield Finding(f"package {name}", value, bool(version), needed, "" if version else text(fix, lang))


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _weights(wiring: Wiring, lang: Language) -> Iterator[Finding]:
    needed = set(wiring.default_weights()) if wiring.settings.backend == "local" else {EMBEDDER_WEIGHTS}
    for entry in wiring.weights().entries():
        path = wiring.weights().path(entry.name)
        value = str(path) if path else text("doctor.absent", lang)
        fix = "" if path else f"coursemate models pull {entry.name}"
        yield Finding(f"weights {entry.name}", value, bool(path), entry.name in needed, fix)


def _backends(wiring: Wiring) -> Iterator[Finding]:
    for info in wiring.backends():
        needed = info.name == wiring.settings.backend
        yield Finding(f"backend {info.name}", info.model, info.missing is None, needed, info.missing or "")


def _stores(wiring: Wiring, lang: Language) -> Iterator[Finding]:
    """Every collection, opened for reading only where it exists: looking must not make one."""
    folder = wiring.settings.collections_dir
    for collection in sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ():
        yield _store(wiring, collection, lang)


def _store(wiring: Wiring, collection: str, lang: Language) -> Finding:
    name, needed = f"store {collection}", collection == wiring.settings.collection
    try:
        with wiring.open_store(collection=collection) as store:
            problems, documents = store.check(), len(store.documents())
    except CourseMateError as error:
        return Finding(name, localize(error, lang), False, needed, text("doctor.fix_store", lang))
    if problems:
        return Finding(name, "; ".join(problems), False, needed, "coursemate reindex")
    return Finding(name, text("doctor.store_value", lang, n=documents))
