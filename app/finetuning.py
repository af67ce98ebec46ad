"""What fine-tuning, evaluation and the backends are together: adapters handed on and taken in, and their cards.

bench = Bench(wiring)
bench.export("mine", Path("mine.zip"))
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.adapters import AUTO
from models.errors import InputError

if TYPE_CHECKING:
    from app.wiring import Wiring
    from finetune.adapter import Adapter
    from finetune.card import Facts
    from finetune.export.gguf_model import Packing
    from finetune.registry import Registry

LICENCE_FILE = Path(__file__).resolve().parents[1] / "LICENSE"
HUB_BASES = {
    "qwen2.5-coder-0.5b": "Qwen/Qwen2.5-Coder-0.5B-Instruct",
    "qwen2.5-coder-1.5b": "Qwen/Qwen2.5-Coder-1.5B-Instruct",
    "qwen3-0.6b": "Qwen/Qwen3-0.6B",
}
FORMS = ("zip", "folder", "shipped", "gguf", "merged", "merged-f16", "merged-q8_0")


class Bench:
    """The adapters of a home, with what is around them."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    @property
    def registry(self) -> Registry:
        return self._wiring.pool.adapters.registry

    def take(self, source: Path, name: str = "") -> Adapter:
        """Imports an adapter, see finetune/importing.py; where its base is here, it must fit, or nothing is imported."""
        from finetune.importing import take

        return take(self.registry, source, name)

    def rename(self, name: str, new: str) -> Adapter:
        """The settings follow. Raises InputError."""
        renamed = self.registry.rename(name, new)
        if self._wiring.settings.adapter == name:
            self._wiring.change_settings(adapter=new)
        return renamed

    def remove(self, name: str) -> None:
        """The settings fall back to the adapter that ships. Raises InputError."""
        self.registry.remove(name)
        if self._wiring.settings.adapter == name:
            self._wiring.change_settings(adapter=AUTO)

    def answer_with(self, adapter: Adapter, backend: str) -> None:
        """Settings of this process alone, under which `backend` answers with the adapter's own base, with and without it."""
        pool = self._wiring.pool
        if backend == "hf":
            self._wiring.choose(hf_model=pool.adapters.place("hf", adapter.name).model)
        elif base := pool.adapters.model_of(adapter.name):
            self._wiring.choose(model=base)

    def facts(self, adapter: Adapter) -> Facts:
        """What its card says that its own files do not."""
        from finetune.adapter import base_name
        from finetune.card import Facts

        base = base_name(adapter.made)
        entry = next((entry for entry in self._wiring.weights().entries() if entry.name == base), None)
        text = LICENCE_FILE.read_text(encoding="utf-8") if entry and LICENCE_FILE.is_file() else ""
        base_id = HUB_BASES.get(base, base if "/" in base else "")
        return Facts(base_id, entry.licence if entry else "", text)

    def write_card(self, name: str) -> Path:
        """README.md of an adapter of the home, written anew. Raises InputError."""
        from finetune.adapter import CARD
        from finetune.card import render
        from models.files import write_atomic

        adapter = self.registry.writable(name)
        path = adapter.folder / CARD
        write_atomic(path, render(adapter, self.facts(adapter)).encode())
        return path

    def export(self, name: str, target: Path, form: str = "") -> Path:
        """Hands an adapter on. form: one of FORMS, "" as the target's name says (.zip, .gguf, else a folder).

        Raises InputError, DiskFull, MissingError.
        """
        from finetune.export.publish import pack, publish

        adapter = self.registry.find(name)
        form = form or {".zip": "zip", ".gguf": "gguf"}.get(target.suffix.lower(), "folder")
        if form not in FORMS:
            detail = f"There is no form {form!r} of an export; choose one of {', '.join(FORMS)}"
            raise InputError(detail=detail, text_key="adapter.export_form", form=form, forms=", ".join(FORMS))
        if form == "zip":
            return pack(adapter, target, self.facts(adapter))
        if form == "folder":
            return publish(adapter, target, self.facts(adapter))
        if form == "shipped":  # as data/adapters has it: the local engine's form alone
            self._wiring.pool.adapters.gguf(adapter)
            return publish(adapter, target, self.facts(adapter), light=True)
        if form == "gguf":
            return self._copy_gguf(adapter, target)
        return self._merge(adapter, target, form)

    def _copy_gguf(self, adapter: Adapter, target: Path) -> Path:
        import shutil

        from models.files import disk_guard

        _require_free(target)
        placed = self._wiring.pool.adapters.gguf(adapter)
        draft = target.with_name(f".{target.name}.draft")
        with disk_guard(target.parent):
            shutil.copyfile(placed, draft)
            draft.replace(target)
        return target

    def _merge(self, adapter: Adapter, target: Path, form: str) -> Path:
        """Safetensors in a folder, or through one beside the target one GGUF file."""
        import shutil

        from finetune.base_model import locate
        from finetune.export import gguf_model
        from finetune.export.merged import merge

        _require_free(target)
        base = locate(adapter.made.base, self._wiring.home, self._wiring.weights())
        if form == "merged":
            merge(adapter, base, target)
            return target
        packing: Packing = "q8_0" if form == "merged-q8_0" else "f16"
        folder = target.with_name(f".{target.name}.merged")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            merge(adapter, base, folder)
            gguf_model.write(folder, target, packing, f"{base.name} + {adapter.name}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return target


def _require_free(target: Path) -> None:
    if target.exists():
        detail = f"{target} exists already; give a place that does not"
        raise InputError(detail=detail, text_key="adapter.export_exists", path=str(target))
