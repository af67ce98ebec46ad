"""The middle column: a quiz to take, cards to flip, a glossary or a guide to read; and on the right the source of an item.

What answers a question is on the page only once the question has been answered.
"""

from __future__ import annotations

from typing import Any

from app.studies import Kept
from app.ui.i18n import locator_label
from app.ui.markup import attribute, blocks, inline, is_block
from app.ui.page import Page
from chains.study.answers import is_right
from chains.study.asking import asked, front
from chains.study.base import FALSE, TRUE, Card, Entry, Item, Week
from chains.study.export import answered
from models.errors import CourseMateError
from models.types import Chunk, Citation


def nothing(page: Page) -> str:
    """Before a set has been made."""
    return f'<div class="cm-study"><p class="cm-empty">{page.text("study.welcome")}</p></div>'


def whole(page: Page, kept: Kept) -> str:
    """The set, with what has been answered."""
    study = kept.study
    parts = [_head(page, kept)]
    if study.items:
        parts += [_score(page, kept), *(_item(page, kept, item, n) for n, item in enumerate(study.items, 1))]
    if study.cards:
        parts.append(_deck(page, study.cards))
    if study.entries:
        parts.append(f'<dl class="cm-glossary">{"".join(_entry(page, entry) for entry in study.entries)}</dl>')
    parts += [_week(page, week) for week in study.weeks]
    return f'<div class="cm-study" data-set="{kept.name}">{"".join(parts)}</div>'


def _head(page: Page, kept: Kept) -> str:
    files = " ".join(
        f'<a class="cm-pill" href="study/{kept.name}.{suffix}" download>{label}</a>'
        for suffix, label in (("apkg", "Anki"), ("csv", "CSV"), ("md", "Markdown"))
    )
    names = ", ".join(kept.study.documents[:3]) + (" …" if len(kept.study.documents) > 3 else "")
    return (
        f'<div class="cm-study-head"><div><h3>{page.text(f"study.kind_{kept.study.kind}")}</h3>'
        f'<span class="cm-facts">{inline(names)}</span></div>'
        f'<div class="cm-study-files"><span class="cm-facts">{page.text("study.download")}</span> {files}</div></div>'
    )


def _score(page: Page, kept: Kept) -> str:
    """How far one is; at the end the score and what to read again."""
    items, answers = kept.study.items, kept.answers
    done, total = len(answers), len(items)
    percent = round(100 * done / total)
    bar = f'<span class="cm-progress"><u style="width:{percent}%"></u></span>'
    if done < total:
        return f'<div class="cm-study-progress" role="status">{page.text("study.progress", done=done, total=total)} {bar}</div>'
    wrong = [item for item in items if not is_right(item, answers[item.id])]
    places = {(item.source.source, locator_label(item.source.locator, page.lang)): item for item in reversed(wrong)}
    links = "".join(
        f'<li><button type="button" class="cm-link" data-act="source" data-id="{item.id}">{inline(source)} · {inline(place)}</button></li>'
        for (source, place), item in reversed(places.items())
    )
    again = f'<button type="button" class="cm-pill" data-act="again">{page.text("study.again")}</button>'
    advice = (
        f"<h6>{page.text('study.read_again')}</h6><ul>{links}</ul>"
        if links
        else f"<p>{page.text('study.all_right')}</p>"
    )
    score = page.text("study.score", right=total - len(wrong), total=total)
    return f'<div class="cm-study-score" role="status"><div><b>{score}</b>{again}</div>{advice}</div>'


def _words(page: Page) -> Any:
    return lambda key, **params: page.text(f"study.{key}", **params)


def _item(page: Page, kept: Kept, item: Item, number: int) -> str:
    given = kept.answers.get(item.id)
    question = f'<p class="cm-study-question"><b>{number}.</b> {inline(asked(item))}</p>'
    mark = f'<span class="cm-facts">{page.text(f"study.form_{item.form}")}</span>'
    if given is None:
        body, state = _open(page, item), ""
    else:
        right = is_right(item, given)
        body, state = _closed(page, item, given, right), " cm-study-right" if right else " cm-study-wrong"
    return f'<article class="cm-study-item{state}" data-id="{item.id}">{mark}{question}{body}</article>'


def _open(page: Page, item: Item) -> str:
    if item.form == "short":
        label = page.text("study.write")
        return (
            f'<form class="cm-study-short"><input maxlength="200" autocomplete="off" placeholder="{label}" aria-label="{label}" required>'
            f'<button class="cm-pill">{page.text("study.check")}</button></form>'
        )
    options = item.options if item.form == "choice" else (TRUE, FALSE)
    buttons = "".join(
        f'<button type="button" class="cm-option" data-act="answer" data-given="{attribute(option)}">'
        f"{inline(option) if item.form == 'choice' else page.text(f'study.{option}')}</button>"
        for option in options
    )
    return f'<div class="cm-options{" cm-options-two" if item.form == "truefalse" else ""}">{buttons}</div>'


def _closed(page: Page, item: Item, given: str, right: bool) -> str:
    shown = page.text(f"study.{given}") if item.form == "truefalse" and given in {TRUE, FALSE} else given
    verdict = page.text("study.right" if right else "study.wrong")
    told = "" if right and item.form != "short" else page.text("study.answer_is", answer=answered(item, _words(page)))
    worded = f'<p class="cm-facts">{page.text("study.worded_mark")}</p>' if item.worded else ""
    return (
        f'<p class="cm-study-given">{inline(page.text("study.your_answer", given=shown))}</p>'
        f'<p class="cm-study-verdict" role="status"><b>{verdict}</b> {inline(told)}</p>'
        f'<p class="cm-study-why">{inline(item.explanation)}</p>{worded}{_link(page, item.id)}'
    )


def _link(page: Page, name: str) -> str:
    return (
        f'<button type="button" class="cm-link" data-act="source" data-id="{name}">{page.text("study.source")}</button>'
    )


def _deck(page: Page, cards: tuple[Card, ...]) -> str:
    """All cards, one of them shown."""
    sheets = "".join(
        f'<div class="cm-card" data-id="{card.id}" hidden><button type="button" class="cm-card-face" data-act="flip">'
        f'<span class="cm-card-front">{inline(front(card))}</span><span class="cm-card-back" hidden>{inline(card.back)}</span></button>'
        f"{_link(page, card.id)}</div>"
        for card in cards
    )
    buttons = "".join(
        f'<button type="button" class="cm-pill" data-act="{act}">{page.text(f"study.{act}")}</button>'
        for act in ("previous", "flip", "next")
    )
    return (
        f'<div class="cm-deck" data-total="{len(cards)}">{sheets}<div class="cm-deck-acts"><span class="cm-facts cm-deck-at"></span>'
        f"{buttons}</div></div>"
    )


def _entry(page: Page, entry: Entry) -> str:
    names = f' <span class="cm-facts">{inline(", ".join(entry.aliases))}</span>' if entry.aliases else ""
    return f"<dt>{inline(entry.term)}{names}</dt><dd>{inline(entry.meaning)} {_link(page, entry.id)}</dd>"


def _week(page: Page, week: Week) -> str:
    goals = "".join(f"<li>{inline(page.text('study.goal', topic=goal))}</li>" for goal in week.goals)
    terms = "".join(_entry(page, entry) for entry in week.terms)
    readings = "".join(
        f'<li><button type="button" class="cm-link" data-act="source" data-id="w{week.number}-{at}">{inline(reading.title)}</button> '
        f'<span class="cm-facts">{page.text("study.minutes", n=reading.minutes)}</span></li>'
        for at, reading in enumerate(week.readings)
    )
    checks = "".join(
        f"<details><summary>{inline(front(card))}</summary><p>{inline(card.back)} {_link(page, card.id)}</p></details>"
        for card in week.checks
    )
    parts = (("goals", f"<ul>{goals}</ul>", goals), ("terms", f'<dl class="cm-glossary">{terms}</dl>', terms),
             ("readings", f"<ul>{readings}</ul>", readings), ("checks", checks, checks))  # fmt: skip
    body = "".join(f"<h6>{page.text(f'study.{name}')}</h6>{html}" for name, html, found in parts if found)
    title = inline(page.text("study.week", n=week.number, title=week.title))
    return f'<section class="cm-week"><h4>{title}</h4>{body}</section>'


def source(page: Page, citation: Citation | None) -> str:
    """The right column: the chunk an item comes from, its sentence marked."""
    if citation is None:
        return f'<p class="cm-empty">{page.text("study.source_empty")}</p>'
    chunk = _chunk(page, citation)
    place = locator_label(citation.locator, page.lang)
    note = "" if chunk else f'<p class="cm-item-message">{page.text("study.source_gone")}</p>'
    before, after = "", ""
    if chunk:
        before, _, after = chunk.text.partition(citation.quote)
    marked = blocks(citation.quote) if is_block(citation.quote) else f"<mark>{inline(citation.quote)}</mark>"
    return (
        f'<div class="cm-evidence"><h6>{page.text("study.source_title")}</h6><article class="cm-source on">'
        f'<div class="cm-source-title"><b title="{attribute(citation.source)}">{inline(citation.source)}</b></div>'
        f'<div class="cm-place">{inline(place)}</div><div class="cm-passage">{blocks(before)}'
        f'<div class="cm-marked">{marked}</div>{blocks(after)}</div></article>{note}</div>'
    )


def _chunk(page: Page, citation: Citation) -> Chunk | None:
    """The chunk as it is now, None where it has changed."""
    try:
        store: Any = page.context.store()
        found = next(iter(store.get([citation.chunk_id])), None)
    except CourseMateError:
        return None
    return found if found and citation.quote in found.text else None
