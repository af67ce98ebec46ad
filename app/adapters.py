"""What settings and requests call an adapter, as the file or folder that a backend takes.

A name stands in the registry (HOME/adapters and those that ship); what looks like a path, or lies there, is a path. "auto" is the
shipped adapter that fits the model of `local`, "" is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.course import shipped
from models.adapters import check_fit, fits
from models.catalog import read_catalog
from models.errors import CourseMateError, InputError
from models.gguf_header import read_header

if TYPE_CHECKING:
    from chains.manner import Manner
    from finetune.adapter import Adapter
    from finetune.registry import Registry

AUTO, LOCAL, HF = "auto", "local", "hf"
SERVED = (LOCAL, HF)


@dataclass(frozen=True, slots=True)
class Placed:
    """adapter: path for the backend, "" for none. model: the one it goes with, where the backend shall take another."""

    adapter: str = ""
    model: str = ""


class Adapters:
    """Thread-safe. base: the GGUF file behind `local`, None while it is not here. weights_of: path of weights by catalogue name."""

    def __init__(
        self,
        home: Path,
        base: Callable[[], Path | None],
        weights_of: Callable[[str], Path | None],
        registry: Registry | None = None,
    ) -> None:
        from finetune.registry import Registry

        self.registry: Registry = registry or Registry(home, shipped("adapters"))
        self._home, self._base, self._weights_of = home, base, weights_of

    def chosen(self, backend: str, adapter: str) -> str:
        """The adapter itself where "auto" is said, or the backend takes none."""
        if backend not in SERVED:
            return ""
        if adapter != AUTO:
            return adapter
        base = self._base() if backend == LOCAL else None
        if base is None:
            return ""
        fitting = (one.name for one in self.registry.all() if one.shipped and one.gguf and fits(base, one.gguf))
        return next(fitting, "")

    def place(self, backend: str, adapter: str) -> Placed:
        """Raises InputError for a name that is none, and for what the backend cannot run or was made for another model."""
        if not adapter:
            return Placed()
        found = self._named(adapter)
        if backend == HF:
            return self._for_hf(found) if found else Placed(adapter)
        return Placed(str(self._for_local(found) if found else self._own_file(adapter)))

    def manner(self, backend: str, adapter: str) -> Manner:
        """How it wants to be asked. Raises InputError for a name that is none."""
        from chains.manner import USUAL, Manner, calibration_beside
        from finetune.adapter import CALIBRATION

        if not adapter or backend not in SERVED:
            return USUAL
        found = self._named(adapter)
        if found is None:
            return Manner(adapter=adapter)
        own = found.folder / CALIBRATION
        return Manner(found.serving.prompt, calibration_beside(own) if own.is_file() else None, found.name)

    def strength(self, adapter: str) -> float:
        """What the adapter itself says; 1 for one that says nothing."""
        found = self._named(adapter) if adapter else None
        return found.serving.strength if found else 1.0

    def _named(self, adapter: str) -> Adapter | None:
        """None for a path."""
        return None if is_path(adapter) else self.registry.find(adapter)

    def _own_file(self, adapter: str) -> Path:
        path, base = Path(adapter).expanduser(), self._base()
        if base is not None and path.is_file():
            check_fit(base, path)
        return path

    def _for_local(self, adapter: Adapter) -> Path:
        path, base = self.gguf(adapter), self._base()
        if base is not None:
            check_fit(base, path, adapter.name)
        return path

    def gguf(self, adapter: Adapter) -> Path:
        """Its form for llama.cpp, made now where only peft's is there. Raises InputError where it has none."""
        return adapter.gguf or self._converted(adapter)

    def _converted(self, adapter: Adapter) -> Path:
        from finetune.adapter import GGUF
        from finetune.export.gguf_lora import convert, refused

        if not adapter.is_lora:
            raise refused(adapter.name, f"its method is {adapter.made.method}")
        made_with = self._weights_of(adapter.made.base) or self._alike(adapter)
        if made_with is None:
            detail = f"The adapter {adapter.name} cannot be made ready before its base {adapter.made.base} is here; run `coursemate models pull {adapter.made.base}`"
            raise InputError(detail=detail, text_key="adapter.base_absent", name=adapter.name, base=adapter.made.base)
        convert(adapter.folder, made_with, adapter.folder / GGUF, adapter.made.base_sha256)
        return adapter.folder / GGUF

    def _alike(self, adapter: Adapter) -> Path | None:
        """The model of `local` where the adapter's base has no GGUF file here: the same by its name, as far as names tell.

        Raises InputError where they tell that it is another one.
        """
        base = self._base()
        named = _letters(adapter.made.base.rstrip("/").rsplit("/", 1)[-1])
        if base is not None and named not in _letters(base.stem) + " " + _letters(read_header(base).name):
            params = {"name": adapter.name, "made_for": adapter.made.base, "base": base.stem, "why": adapter.made.base}
            detail = f"The adapter {adapter.name} was made for {adapter.made.base}, and {base.stem} is another model; choose that one or another adapter"
            raise InputError(detail=detail, text_key="adapter.other_base", **params)
        return base

    def model_of(self, adapter: str) -> str:
        """The base an adapter goes with, by catalogue name; "" for a path, and for what is not in the catalogue."""
        try:
            found = self._named(adapter) if adapter not in {"", AUTO} else None
        except InputError:  # asking for it will say so
            return ""
        named = found.made.base if found else ""
        return named if any(entry.name == named and entry.kind == "gguf" for entry in read_catalog()) else ""

    def _for_hf(self, adapter: Adapter) -> Placed:
        """Its own base goes with it: of a whole model, the base's tokenizer."""
        if adapter.made.method == "lora" and not adapter.is_lora:
            detail = f"The adapter {adapter.name} is there for llama.cpp alone; answer with the backend local"
            raise InputError(detail=detail, text_key="adapter.only_local", name=adapter.name)
        return Placed(str(adapter.folder), self._hf_base(adapter.made.base))

    def _hf_base(self, base: str) -> str:
        """The folder that training made of it, the GGUF file of the catalogue, or what it is called."""
        prepared = self._home / "finetune" / "bases" / base.replace("/", "--")
        if (prepared / "config.json").is_file():
            return str(prepared)
        try:
            return str(self._weights_of(base) or base)
        except CourseMateError:
            return base


def _letters(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def is_path(adapter: str) -> bool:
    """Whether it is meant as a path (or a hub's id) rather than as a name of the registry."""
    return any(sign in adapter for sign in "/\\~") or adapter.endswith(".gguf") or Path(adapter).exists()
