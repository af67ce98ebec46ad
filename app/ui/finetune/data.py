"""데이터: what a dataset is made from on the left, its examples in the middle, the tokens of one and what is learnt of them right."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from app.ui.events import Visit, connect
from app.ui.finetune import data_view as view
from app.ui.finetune.shared import Shared
from app.ui.i18n import localize
from app.ui.intake import arrived
from app.ui.making import Watched
from app.ui.page import Page
from app.ui.theme import panel, script
from finetune.base import PARTS, Example, Part
from finetune.data.store import Datasets
from models.errors import CourseMateError, InputError

Updates = dict[Any, Any]
_ONE = threading.Lock()
BAD_ROWS = "dataset.bad_rows"


@dataclass(frozen=True, slots=True)
class Now:
    """How far the making has come. name: of the dataset once it is there; lines: what is said at the end."""

    stage: str = "reading"
    done: int = 0
    total: int = 0
    name: str = ""
    lines: tuple[str, ...] = ()
    bad: bool = False


@dataclass(slots=True)
class Parts:
    """The section's panels. making: by session."""

    datasets: Datasets
    shared: Shared
    listed: Any
    form: Any
    drop: Any
    said: Any
    middle: Any
    right: Any
    making: dict[str, Watched[Now]] = field(default_factory=dict)


def build(page: Page, shared: Shared) -> None:
    """Lay the section out and connect it."""
    import gradio as gr

    with gr.Row(elem_id="cm-bench-data", elem_classes="cm-grid cm-bench-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
            listed = panel("cm-data-list", script("bench"))
            said = panel("cm-data-said", script("bench"))
            form = panel("cm-data-form", script("bench"))
            drop = panel("cm-data-drop", script("drop"), view.drop_zone(page))
        with gr.Column(elem_classes="cm-col", min_width=0):
            middle = panel("cm-data-box", script("bench"), view.nothing(page))
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            right = panel("cm-data-tokens", "", view.tokens(page, [], (0, 0)))
    parts = Parts(Datasets(page.context.home), shared, listed, form, drop, said, middle, right)
    _connect_making(page, parts)
    _connect_looking(page, parts)


def _shown(page: Page, parts: Parts, name: str, part: Part = "train", start: int = 0, chosen: str = "") -> Updates:
    """A dataset in the middle, marked in the list; "" shows none."""
    middle = view.nothing(page)
    if name:
        try:
            middle = view.whole(page, parts.datasets.find(name), part, start, chosen)
        except CourseMateError as error:
            middle = view.said([localize(error, page.lang)], bad=True)
    return {parts.listed: view.listing(page, parts.datasets.all(), name), parts.middle: middle}


def _part(visit: Visit) -> Part:
    return next((part for part in PARTS if part == visit.words("part")), "train")


def _connect_looking(page: Page, parts: Parts) -> None:
    def choose(visit: Visit) -> Updates:
        return _shown(page, parts, visit.words("name")) | {parts.right: view.tokens(page, [], (0, 0))}

    def turn(visit: Visit) -> Updates:
        return _shown(page, parts, visit.words("name"), _part(visit), visit.number("start"))

    def tokens(visit: Visit) -> Updates:
        name, part = visit.words("name"), _part(visit)
        dataset = parts.datasets.find(name)
        example = next((e for e in dataset.examples(part) if e.id == visit.words("id")), None)
        shown = _shown(page, parts, name, part, visit.number("start"), example.id if example else "")
        return shown | {parts.right: _coloured(page, example)}

    def remove(visit: Visit) -> Updates:
        parts.datasets.remove(visit.words("name"))
        return _latest(page, parts) | {parts.form: view.form(page), parts.shared.data: page.changed()}

    def refreshed(_visit: Visit) -> Updates:
        return _latest(page, parts) | {parts.form: view.form(page)}

    shown = [parts.listed, parts.middle]
    connect(page, parts.listed.choose, choose, None, [*shown, parts.right])
    connect(page, parts.listed.remove, remove, None, [*shown, parts.form, parts.shared.data])
    connect(page, parts.middle.part, turn, None, shown)
    connect(page, parts.middle.turn, turn, None, shown)
    connect(page, parts.middle.tokens, tokens, None, [*shown, parts.right])
    connect(page, page.ready.change, refreshed, None, [*shown, parts.form])


def _latest(page: Page, parts: Parts) -> Updates:
    found = sorted(parts.datasets.all(), key=lambda dataset: dataset.about.made, reverse=True)
    return _shown(page, parts, found[0].about.name if found else "")


def _coloured(page: Page, example: Example | None) -> str:
    """The tokens of an example, as the 0.5B's tokenizer has them."""
    if example is None:
        return view.tokens(page, [], (0, 0))
    from app.ui.finetune.tokens import coloured

    try:
        found = coloured(page.context, example)
    except CourseMateError as error:
        return view.tokens(page, [], (0, 0), localize(error, page.lang))
    return view.tokens(page, found.runs, (found.total, found.trained))


def _connect_making(page: Page, parts: Parts) -> None:
    def make(visit: Visit) -> Iterator[Updates]:
        yield from _watched(page, parts, visit, lambda watched: _make(page, visit.data, watched))

    def imported(visit: Visit) -> Iterator[Updates]:
        files = [file for file in visit.data.get("files") or () if isinstance(file, dict)]
        for file in files:
            yield from _watched(page, parts, visit, lambda watched, file=file: _import(page, parts.datasets, file))

    shown = [parts.listed, parts.middle, parts.said, parts.form, parts.right, parts.shared.data]
    connect(page, parts.form.make, make, None, shown)
    connect(page, parts.drop.dropped, imported, None, shown)


def _watched(page: Page, parts: Parts, visit: Visit, work: Any) -> Iterator[Updates]:
    """Something that makes a dataset, in a thread of its own; one at a time for all pages."""
    if not _ONE.acquire(blocking=False):
        yield {parts.said: view.said([page.text("bench.data_busy")], bad=True)}
        return
    watched = parts.making[visit.session] = Watched(Now())

    def done() -> Now:
        try:
            result: Now = work(watched)
            return result
        finally:
            _ONE.release()

    for now in watched.run(page, done, lambda why: Now(lines=(why,), bad=True)):
        if not now.lines:
            yield {parts.said: view.progress(page, now.stage, now.done, now.total)}
    end = watched.now
    told = {parts.said: view.said(end.lines, end.bad)}
    if not end.name:
        yield told
        return
    first = view.tokens(page, [], (0, 0))
    yield (
        _shown(page, parts, end.name)
        | told
        | {parts.form: view.form(page), parts.right: first, parts.shared.data: page.changed()}
    )


def _make(page: Page, wish: Mapping[str, Any], watched: Watched[Now]) -> Now:
    from app.training_data import make
    from app.training_order import Order

    context: Any = page.context
    known = {document.source for document in context.store().documents()}
    wanted = tuple(name for name in map(str, wish.get("documents") or ()) if name in known)
    own = str(wish.get("own") or "")
    order = Order(
        count=_whole(wish, "count", view.COUNT),
        documents=wanted,
        refusals=_whole(wish, "refusals", view.REFUSALS) / 100,
        own=own,
        ratio=_whole(wish, "ratio", 50) / 100,
        prompt=str(wish.get("prompt") or view.PROMPTS[0]),
        seed=_whole(wish, "seed", 0),
    )
    backend = str(wish.get("backend") or "")
    model = context.pool.model(backend) if backend else None

    def tell(stage: str, done: int, total: int) -> None:
        watched.now = Now(stage, done, total)

    made = make(context, str(wish.get("name") or ""), order, tell, model)
    about = made.dataset.about
    lines = [page.text("bench.made", name=about.name, n=about.total)]
    if made.short:
        lines.append(page.text("bench.short", n=made.short))
    return Now(name=about.name, lines=tuple(lines))


def _whole(wish: Mapping[str, Any], name: str, default: int) -> int:
    value = str(wish.get(name, "")).strip()
    return int(value) if value.isdecimal() else default


def _import(page: Page, datasets: Datasets, file: Mapping[str, Any]) -> Now:
    """A file of one's own as a dataset; rows that cannot be used are left out and told one by one."""
    from app.training_import import import_file

    name = PurePath(str(file.get("name", "")).replace("\\", "/")).name[:200]
    if file.get("reason"):
        raise InputError(detail=f"{name} could not be uploaded", text_key="sets.not_uploaded", name=name)
    path = arrived(page.context.home, str(file.get("at", "")))
    told = ""
    try:
        try:
            made = import_file(datasets, path, name)
        except InputError as error:
            told = localize(error, page.lang)
            if error.params.get("text_key") != BAD_ROWS:
                raise
            made = import_file(datasets, path, name, skip_bad=True)
    finally:
        path.unlink(missing_ok=True)
    lines = (page.text("bench.made", name=made.about.name, n=made.about.total), *([told] if told else []))
    return Now(name=made.about.name, lines=lines, bad=bool(told))
