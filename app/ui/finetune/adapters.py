"""어댑터: the adapters on the left, one with its scores and two answers side by side in the middle, its card on the right."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.adapters import LOCAL
from app.ui.events import Visit, connect
from app.ui.finetune import adapter_view as view
from app.ui.finetune.shared import Shared
from app.ui.i18n import localize
from app.ui.intake import arrived
from app.ui.page import Page
from app.ui.theme import panel, script
from app.uploads import safe_name
from models.errors import CourseMateError, InputError
from models.types import Done, Token

if TYPE_CHECKING:
    from app.finetuning import Bench

Updates = dict[Any, Any]
_ONE = threading.Lock()


@dataclass(slots=True)
class Parts:
    """The section's panels. chosen: state, name of the adapter."""

    shared: Shared
    listed: Any
    said: Any
    drop: Any
    middle: Any
    trying: Any
    answers: Any
    right: Any
    chosen: Any


def build(page: Page, shared: Shared) -> None:
    """Lay the section out and connect it."""
    import gradio as gr

    with gr.Row(elem_id="cm-bench-adapters", elem_classes="cm-grid cm-bench-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
            listed = panel("cm-adapter-list", script("bench"))
            said = panel("cm-adapter-said", "")
            drop = panel("cm-adapter-drop", script("drop"), view.drop_zone(page))
        with gr.Column(elem_classes="cm-col", min_width=0):
            middle = panel("cm-adapter-box", script("bench"), view.nothing(page))
            trying = panel("cm-adapter-try", script("bench"))
            answers = panel("cm-adapter-answers", "")
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            right = panel("cm-adapter-card", "", view.card(page, ""))
    parts = Parts(shared, listed, said, drop, middle, trying, answers, right, gr.State(""))
    _connect(page, parts)


def bench(page: Page) -> Bench:
    """Adapters and what is around them."""
    from app.finetuning import Bench

    context: Any = page.context
    return Bench(context)


def used(page: Page) -> str:
    """Name of the adapter that the local model answers with; "" for none."""
    context: Any = page.context
    try:
        name: str = context.pool.adapter_of(LOCAL)
    except CourseMateError:
        return ""
    return name


def _shown(page: Page, parts: Parts, name: str) -> Updates:
    """An adapter in the middle, marked in the list; the first of them where there is none of that name."""
    registry, active = bench(page).registry, used(page)
    found = registry.all()
    adapter = next((one for one in found if one.name == name), found[0] if found else None)
    broken = {bad: localize(error, page.lang) for bad, error in registry.broken().items()}
    name = adapter.name if adapter else ""
    return {
        parts.listed: view.listing(page, found, name, active, broken),
        parts.middle: view.whole(page, adapter, name == active) if adapter else view.nothing(page),
        parts.trying: view.trying(page, adapter.serving.strength) if adapter else "",
        parts.answers: "",
        parts.right: view.card(page, _card(page, adapter)),
        parts.chosen: name,
    }


def _card(page: Page, adapter: Any) -> str:
    from finetune.card import render

    return render(adapter, bench(page).facts(adapter)) if adapter else ""


def _connect(page: Page, parts: Parts) -> None:
    def choose(visit: Visit) -> Updates:
        return _shown(page, parts, visit.words("name"))

    def use(visit: Visit) -> Updates:
        adapter = bench(page).registry.find(visit.words("name"))
        values: dict[str, Any] = {"adapter": adapter.name, "backend": LOCAL if LOCAL in _serves(adapter) else "hf"}
        context: Any = page.context
        base = context.pool.adapters.model_of(adapter.name) if values["backend"] == LOCAL else ""
        if base and base != context.local_model():
            values["model"] = base  # an adapter answers with its own base alone
        page.context.change_settings(**values)
        return _changed(page, parts, adapter.name)

    def unuse(visit: Visit) -> Updates:
        page.context.change_settings(adapter="")
        return _changed(page, parts, visit.words("name"))

    def rename(visit: Visit) -> Updates:
        return _changed(page, parts, bench(page).rename(visit.words("name"), visit.words("new").strip()).name)

    def remove(visit: Visit) -> Updates:
        bench(page).remove(visit.words("name"))
        return _changed(page, parts, "")

    def imported(visit: Visit) -> Updates:
        files = [file for file in visit.data.get("files") or () if isinstance(file, dict)]
        name = next((_import(page, file) for file in files), "")
        return _changed(page, parts, name)

    def ask(visit: Visit, chosen: str) -> Iterator[Updates]:
        yield from _asked(page, parts, chosen, visit)

    def refreshed(_visit: Visit, chosen: str) -> Updates:
        return _shown(page, parts, chosen)

    shown = [parts.listed, parts.middle, parts.trying, parts.answers, parts.right, parts.chosen]
    changed = [*shown, page.ready]
    connect(page, parts.listed.choose, choose, None, shown)
    connect(page, parts.listed.remove, remove, None, changed)
    for event, act in (("use", use), ("unuse", unuse), ("rename", rename), ("remove", remove)):
        connect(page, getattr(parts.middle, event), act, None, changed)
    connect(page, parts.drop.dropped, imported, None, changed)
    connect(page, parts.trying.ask, ask, parts.chosen, parts.answers)
    connect(page, page.ready.change, refreshed, parts.chosen, shown)
    connect(page, parts.shared.adapters.change, refreshed, parts.chosen, shown)


def _changed(page: Page, parts: Parts, name: str) -> Updates:
    return _shown(page, parts, name) | {page.ready: page.changed()}


def _serves(adapter: Any) -> tuple[str, ...]:
    """Backends that can answer with it."""
    return (LOCAL, "hf") if adapter.is_lora or adapter.gguf else ("hf",)


def _import(page: Page, file: Mapping[str, Any]) -> str:
    name = safe_name(str(file.get("name", "")))
    if file.get("reason"):
        raise InputError(detail=f"{name} could not be uploaded", text_key="sets.not_uploaded", name=name)
    path = arrived(page.context.home, str(file.get("at", "")))
    placed = path.rename(path.with_name(name))
    try:
        return bench(page).take(placed).name
    finally:
        placed.unlink(missing_ok=True)


def _asked(page: Page, parts: Parts, name: str, visit: Visit) -> Iterator[Updates]:
    """The base's answer and the tuned one's, one after the other, on the same evidence."""
    adapter = bench(page).registry.find(name)
    strength = _strength(visit.data.get("strength"))
    question = visit.words("question").strip()
    if not question:
        raise InputError(detail="Write a question first.", text_key="bench.no_question")
    if not _ONE.acquire(blocking=False):
        raise InputError(detail="Another comparison is being answered; wait for it.", text_key="bench.asking")
    try:
        titles = (page.text("bench.base"), page.text("bench.tuned", name=name, strength=f"{strength:.2f}"))
        backend = LOCAL if LOCAL in _serves(adapter) else "hf"
        texts = ["", ""]
        for side, chosen in enumerate(("", name)):
            for text in _answer(page, question, backend, chosen, strength):
                texts[side] = text
                yield {parts.answers: view.answers(page, [(titles[n], texts[n], n == side) for n in (0, 1)])}
        yield {parts.answers: view.answers(page, [(titles[n], texts[n], False) for n in (0, 1)])}
    finally:
        _ONE.release()


def _answer(page: Page, question: str, backend: str, adapter: str, strength: float) -> Iterator[str]:
    """The text as it grows. Raises what the engine raises."""
    context: Any = page.context
    options = replace(context.ask_options(backend=backend), adapter=adapter, strength=strength, fallbacks=())
    said = ""
    yield said
    for event in context.engine().stream(question, (), options):
        if isinstance(event, Token):
            said += event.text
            yield said
        elif isinstance(event, Done):
            yield event.answer.text


def _strength(given: Any) -> float:
    try:
        return min(1.5, max(0.0, float(given)))
    except (TypeError, ValueError):
        return 1.0
