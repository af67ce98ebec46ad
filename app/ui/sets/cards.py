"""The middle column: the questions of a set, each to be accepted, edited or dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.questionsets import version_of
from app.ui.icons import icon
from app.ui.markup import attribute, inline
from app.ui.page import Page
from app.ui.sets.view import SHOWN, SHOWS, View
from evals.questions import Entry


def nothing(page: Page) -> str:
    """Before a set has been chosen."""
    return f'<div class="cm-questions"><p class="cm-empty">{page.text("sets.choose")}</p></div>'


def questions(page: Page, view: View, entries: Sequence[Entry], notice: str = "") -> str:
    """The set's questions that the filter shows. notice: something to say first, as it is."""
    found = view.among(entries)
    cards = "".join(_card(page, entry, view) for entry in found[: view.shown])
    if not found:
        cards = f'<p class="cm-empty">{page.text("sets.no_match" if entries else "sets.empty")}</p>'
    more = ""
    if len(found) > view.shown:
        label = page.text("sets.more", n=len(found) - view.shown)
        more = (
            f'<button type="button" class="cm-pill" data-act="more" data-next="{view.shown + SHOWN}">{label}</button>'
        )
    said = f'<p class="cm-said cm-bad" role="alert">{inline(notice)}</p>' if notice else ""
    return f'<div class="cm-questions" {view.attributes()}>{_head(page, view, entries)}{said}{cards}{more}</div>'


def broken(page: Page, view: View, why: str) -> str:
    """A set that cannot be read, with every row that is wrong."""
    lines = "<br>".join(inline(line) for line in why.split("\n"))
    return f'<div class="cm-questions" {view.attributes()}><h3>{inline(view.name)}</h3><p class="cm-said cm-bad">{lines}</p></div>'


def _head(page: Page, view: View, entries: Sequence[Entry]) -> str:
    counts = {show: len(view.at(show=show, tag="").among(entries)) for show in SHOWS}
    pills = "".join(
        f'<button type="button" class="cm-pill" data-act="show" data-show="{show}" aria-pressed="{_flag(show == view.show)}">'
        f"{page.text(f'sets.show_{show}')} {counts[show]}</button>"
        for show in SHOWS
    )
    tags = Counter(tag for entry in entries for tag in entry.case.tags)
    options = f'<option value="">{page.text("sets.any_tag")}</option>' + "".join(
        f'<option value="{attribute(tag)}"{" selected" if tag == view.tag else ""}>{inline(tag)} {count}</option>'
        for tag, count in tags.most_common(40)
    )
    waiting = sum(entry.decided and not entry.accepted for entry in entries)
    every = ""
    if waiting and not view.shipped:
        label = page.text("sets.accept_all", n=waiting)
        every = f'<button type="button" class="cm-pill" data-act="accept-all">{label}</button>'
    note = f'<span class="cm-facts">{page.text("sets.read_only")}</span>' if view.shipped else ""
    return (
        f'<div class="cm-questions-head"><h3>{inline(view.name)}</h3>{note}{every}</div><div class="cm-filters">{pills}'
        f'<select data-act="tag" aria-label="{page.text("sets.tag")}">{options}</select></div>'
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _card(page: Page, entry: Entry, view: View) -> str:
    case = entry.case
    state = "undecided" if not entry.decided else "yes" if case.answerable else "no"
    marks = f'<span class="cm-mark cm-mark-{state}">{page.text(f"sets.is_{state}")}</span>'
    if entry.decided and not entry.accepted:
        marks += f'<span class="cm-mark cm-mark-open">{page.text("sets.is_open")}</span>'
    marks += "".join(f'<span class="cm-tag">{inline(tag)}</span>' for tag in case.tags[:6])
    acts = "" if view.shipped else _acts(page, entry)
    form = "" if view.shipped else _form(page, entry, state)
    on = " on" if case.id == view.chosen else ""
    return (
        f'<article class="cm-question{on}" data-id="{attribute(case.id)}" data-seen="{version_of(entry)}">'
        f'<div class="cm-question-row"><button type="button" class="cm-question-text" data-act="prove">'
        f"{inline(case.question)}</button>{acts}</div>"
        f'<div class="cm-marks">{marks}</div>{form}</article>'
    )


def _acts(page: Page, entry: Entry) -> str:
    accept = ""
    if entry.decided and not entry.accepted:
        label = page.text("sets.accept")
        accept = f'<button type="button" class="cm-pill cm-accept" data-act="accept">{label}</button>'
    others = "".join(
        f'<button type="button" class="cm-act" data-act="{act}" aria-label="{page.text(f"sets.{act}")}" '
        f'title="{page.text(f"sets.{act}")}">{icon(image)}</button>'
        for act, image in (("edit", "edit"), ("drop", "trash"))
    )
    decide = ""
    if not entry.decided:
        decide = f'<button type="button" class="cm-pill cm-accept" data-act="edit">{page.text("sets.decide")}</button>'
    return f'<span class="cm-question-acts">{accept}{decide}{others}</span>'


def _form(page: Page, entry: Entry, state: str) -> str:
    case = entry.case
    radios = "".join(
        f'<label><input type="radio" name="answerable" value="{value}"{" checked" if value == state else ""}>'
        f"{page.text(f'sets.is_{value}')}</label>"
        for value in ("yes", "no", "undecided")
    )
    groups = "; ".join(" | ".join(group) for group in case.must_include)
    fields = (
        _area(page, "question", case.question)
        + f'<div class="cm-radios" role="radiogroup" aria-label="{page.text("sets.answerable")}">{radios}</div>'
        + _area(page, "evidence", case.evidence)
        + _line(page, "documents", "; ".join(case.documents))
        + _area(page, "reference", case.reference)
        + _line(page, "must_include", groups)
        + _line(page, "tags", ", ".join(case.tags))
    )
    return (
        f'<form class="cm-set-edit" hidden>{fields}<div class="cm-set-edit-end">'
        f'<button class="cm-primary">{page.text("sets.save")}</button>'
        f'<button type="button" class="cm-pill" data-act="edit-no">{page.text("sets.cancel")}</button></div></form>'
    )


def _area(page: Page, name: str, value: str) -> str:
    label = page.text(f"sets.field_{name}")
    return f'<label class="cm-field"><span>{label}</span><textarea name="{name}" rows="2">{attribute(value)}</textarea></label>'


def _line(page: Page, name: str, value: str) -> str:
    label = page.text(f"sets.field_{name}")
    return f'<label class="cm-field"><span>{label}</span><input name="{name}" value="{attribute(value)}"></label>'
