"""질문 세트: the sets on the left, the questions of one in the middle, what proves a question on the right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from app.questionsets import QuestionSets, from_chat
from app.ui.events import Visit, connect
from app.ui.i18n import localize
from app.ui.intake import arrived
from app.ui.page import Page, Tab
from app.ui.sets import cards, listing, proof
from app.ui.sets.editing import edited
from app.ui.sets.making import Making
from app.ui.sets.view import View
from app.ui.theme import panel, script
from evals.questions import MOST_BYTES, Entry, load_entries
from models.errors import CourseMateError, InputError, QuestionSetError

Updates = dict[Any, Any]


@dataclass(slots=True)
class Parts:
    """The tab's panels. making: what is being made, by session."""

    sets: QuestionSets
    listed: Any = None
    drop: Any = None
    form: Any = None
    said: Any = None
    middle: Any = None
    right: Any = None
    making: dict[str, Making] = field(default_factory=dict)


def build(page: Page) -> None:
    """Lay the tab out and connect it."""
    import gradio as gr

    parts = Parts(QuestionSets(page.context.home))
    with gr.Row(elem_id="cm-questions", elem_classes="cm-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
            parts.listed = panel("cm-sets-box", script("sets"))
            parts.said = panel("cm-sets-said", script("sets"))
            parts.drop = panel("cm-sets-drop", script("drop"), listing.drop_zone(page, MOST_BYTES))
            parts.form = panel("cm-sets-form", script("sets"))
        with gr.Column(elem_classes="cm-col", min_width=0):
            parts.middle = panel("cm-questions-box", script("questions"), cards.nothing(page))
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            parts.right = panel("cm-proof-box", "", proof.nothing(page))
    _connect_sets(page, parts)
    _connect_new(page, parts)
    _connect_questions(page, parts)


TAB = Tab("questions", 50, build)


def _list(page: Page, parts: Parts, view: View) -> str:
    return listing.sets(page, parts.sets.infos(), view)


def _opened(page: Page, parts: Parts, view: View, notice: str = "") -> Updates:
    """A set in the middle, marked in the list; "" shows none."""
    if not view.name:
        middle = cards.nothing(page)
    else:
        try:
            middle = cards.questions(page, view, view.entries(parts.sets), notice)
        except CourseMateError as error:
            middle = cards.broken(page, view, localize(error, page.lang))
    return {parts.listed: _list(page, parts, view), parts.middle: middle}


def _connect_sets(page: Page, parts: Parts) -> None:
    """Choosing, renaming and deleting sets."""
    shown = [parts.listed, parts.middle, parts.right]

    def choose(visit: Visit) -> Updates:
        view = View(visit.words("set"), visit.words("shipped") == "yes")
        return _opened(page, parts, view) | {parts.right: proof.nothing(page)}

    def rename(visit: Visit) -> Updates:
        return _opened(page, parts, View(parts.sets.rename(visit.words("set"), visit.words("title"))))

    def delete(visit: Visit) -> Updates:
        parts.sets.delete(visit.words("set"))
        return _opened(page, parts, View()) | {parts.right: proof.nothing(page)}

    def collect(visit: Visit) -> Updates:
        return _collected(page, parts, visit)

    def refreshed(_visit: Visit) -> Updates:
        return {parts.listed: _list(page, parts, View()), parts.form: listing.form(page)}

    connect(page, parts.listed.choose, choose, None, shown)
    connect(page, parts.listed.rename, rename, None, shown)
    connect(page, parts.listed.remove, delete, None, shown)
    connect(page, parts.listed.collect, collect, None, [*shown, parts.said])
    connect(page, page.ready.change, refreshed, None, [parts.listed, parts.form])


def _collected(page: Page, parts: Parts, visit: Visit) -> Updates:
    found = from_chat(page.conversations, visit.owner)
    if not found:
        return {parts.said: listing.ended(page, page.text("sets.nothing_in_chat"))}
    name = page.text("sets.chat_name")
    new = parts.sets.add(name, found)
    said = page.text("sets.collected", n=new) if new else page.text("sets.nothing_new")
    return _opened(page, parts, View(name, show="open")) | {parts.said: listing.ended(page, said)}


def _connect_new(page: Page, parts: Parts) -> None:
    """Sets from files and from documents."""

    def imported(visit: Visit) -> Updates:
        files = [file for file in visit.data.get("files") or () if isinstance(file, dict)]
        lines, bad, view = [], False, View()
        for file in files:
            try:
                view = View(_import(page, parts, file))
                lines.append(page.text("sets.imported", name=view.name))
            except CourseMateError as error:
                bad = True
                lines.append(localize(error, page.lang))
        opened = _opened(page, parts, view) if view.name else {}
        return opened | {parts.said: listing.ended(page, "\n".join(lines), bad=bad)}

    def make(visit: Visit) -> Iterator[Updates]:
        yield from _made(page, parts, visit)

    def stop(visit: Visit) -> None:
        if making := parts.making.get(visit.session):
            making.cancel.set()

    shown = [parts.listed, parts.middle, parts.said]
    connect(page, parts.drop.dropped, imported, None, shown)
    connect(page, parts.form.make, make, None, shown)
    connect(page, parts.said.stop, stop, queue=False)


def _import(page: Page, parts: Parts, file: Mapping[str, Any]) -> str:
    """The name of the new set. Raises InputError, QuestionSetError, DocumentError."""
    name = PurePath(str(file.get("name", "")).replace("\\", "/")).name[:200]
    if file.get("reason"):
        raise InputError(detail=f"{name} could not be uploaded", text_key="sets.not_uploaded", name=name)
    path = arrived(page.context.home, str(file.get("at", "")))
    try:
        if path.suffix.lower() not in {".csv", ".tsv", ".xlsx", ".jsonl"}:
            raise InputError(detail=f"{name} is no question set", text_key="sets.no_set_file", name=name)
        entries = load_entries(path)
    except QuestionSetError as error:
        raise QuestionSetError(**error.params | {"path": name}) from None
    finally:
        path.unlink(missing_ok=True)
    stem = "".join(c if c not in '/\\:*?"<>|' else " " for c in PurePath(name).stem).strip(" .")
    return parts.sets.create(stem[:50] or page.text("sets.nameless"), entries)


def _made(page: Page, parts: Parts, visit: Visit) -> Iterator[Updates]:
    running = parts.making.get(visit.session)
    if running:
        running.cancel.set()
    making = parts.making[visit.session] = Making(page, parts.sets, visit.data)
    try:
        for now in making.run():
            yield {parts.said: listing.progress(page, now.stage, now.done, now.total, making.cancel.is_set())}
    finally:
        if parts.making.get(visit.session) is making:
            del parts.making[visit.session]
    end = making.now
    if end.error or end.made is None:
        yield {parts.said: listing.ended(page, end.error, bad=True)}
        return
    said = page.text("sets.made", n=len(end.made.cases), name=end.name)
    yield _opened(page, parts, View(end.name)) | {parts.said: listing.ended(page, said, end.made.dropped)}


def _connect_questions(page: Page, parts: Parts) -> None:
    """Looking at questions and deciding about them."""
    shown = [parts.listed, parts.middle, parts.right]

    def filtered(visit: Visit) -> Updates:
        return _opened(page, parts, View.of(visit))

    def prove(visit: Visit) -> Updates:
        view = View.of(visit)
        found = _entry(parts, view, visit.words("id"))
        return {parts.right: proof.panel(page, found) if found else proof.nothing(page)}

    def accept(visit: Visit) -> Updates:
        return _changed(page, parts, visit, lambda entry: replace(entry, accepted=True))

    def edit(visit: Visit) -> Updates:
        fields = visit.data.get("fields")
        return _changed(page, parts, visit, lambda entry: edited(entry, fields if isinstance(fields, dict) else {}))

    def drop(visit: Visit) -> Updates:
        return _changed(page, parts, visit, lambda entry: None)

    def accept_all(visit: Visit) -> Updates:
        view = View.of(visit)
        parts.sets.accept_all(view.name)
        return _opened(page, parts, view)

    connect(page, parts.middle.filtered, filtered, None, shown)
    connect(page, parts.middle.prove, prove, None, parts.right)
    for event, act in (("accept", accept), ("edit", edit), ("drop", drop), ("accept_all", accept_all)):
        connect(page, getattr(parts.middle, event), act, None, shown)


def _entry(parts: Parts, view: View, question: str) -> Entry | None:
    return next((entry for entry in view.entries(parts.sets) if entry.case.id == question), None)


def _changed(page: Page, parts: Parts, visit: Visit, change: Callable[[Entry], Entry | None]) -> Updates:
    """The set after the change; where the question was changed elsewhere, as it is now, and why nothing was done."""
    view, question = View.of(visit), visit.words("id")
    entry, notice = _entry(parts, view, question), ""
    new = change(entry) if entry else None
    try:
        parts.sets.change(view.name, question, visit.words("seen"), new)
    except CourseMateError as error:
        notice, new = localize(error, page.lang), entry
    right = proof.panel(page, new) if new else proof.nothing(page)
    return _opened(page, parts, view.at(chosen=question if new else ""), notice) | {parts.right: right}
