"""Who can be asked: backends, and backends of this machine with an adapter, as one choice: `local` or `local@NAME`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.ui.header import backend_choices
from app.ui.lacks import label_of, lacks
from app.ui.page import Page
from models.errors import InputError, MissingError

LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Answerer:
    """A choice as it is understood. name: the same in every language; title: for people; missing: what it lacks, "" if nothing."""

    backend: str
    adapter: str
    name: str
    title: str
    missing: str


def choices(page: Page) -> list[tuple[str, str]]:
    """(label, value) of everything that may be chosen, usable or not."""
    listed = backend_choices(page)
    base = next((label for label, value in listed if value == LOCAL), LOCAL)
    return listed + [(f"{base} + {_name(adapter)}", f"{LOCAL}@{adapter}") for adapter in adapters(page)]


def adapters(page: Page) -> list[str]:
    """Adapters that the local engine can answer with: the file of the settings, and those of the registry by name."""
    from app.course import shipped
    from finetune.registry import Registry

    registry = Registry(page.context.home, shipped("adapters"))
    own = [adapter.name for adapter in registry.all() if adapter.gguf is not None or adapter.is_lora]
    chosen = getattr(page.context.settings, "adapter", "")
    return list(dict.fromkeys([chosen, *own] if chosen.endswith(".gguf") else own))


def find(page: Page, value: str) -> Answerer:
    """Raises InputError for an adapter that is not offered: a path from a browser is not opened."""
    backend, _, adapter = value.partition("@")
    if adapter and (backend != LOCAL or adapter not in adapters(page)):
        detail = f"There is no adapter {_name(adapter)!r} here; choose another."
        raise InputError(detail=detail, text_key="compare.adapter_gone", name=_name(adapter))
    info = next((info for info in page.context.backends() if info.name == backend), None)
    if info is None:
        return Answerer(backend, "", backend, backend, page.text("lacks.unknown"))
    model = info.model.rsplit("/", 1)[-1]
    tuned = f" + {_name(adapter)}" if adapter else ""
    name = "/".join(part for part in (backend, model) if part) + tuned
    title = " · ".join(part for part in (label_of(info, page.lang), model) if part) + tuned
    return Answerer(backend, adapter, name, title, lacks(info, page.lang))


def _name(adapter: str) -> str:
    return Path(adapter).name.removesuffix(".gguf")


def check(page: Page, values: Sequence[str]) -> None:
    """Raises MissingError for one that cannot answer; it says how it could."""
    for one in (find(page, value) for value in values):
        if one.missing:
            raise MissingError(
                what=one.title, fix=one.missing, text_key="chat.backend_missing", backend=one.title, missing=one.missing
            )
