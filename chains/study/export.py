"""Study sets as files: Markdown to print, CSV for a spreadsheet. anki.py writes Anki's own format.

What stands around the items (headings, "정답") comes from the caller as `Words`, since it is the reader's language.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator

from chains.study.asking import asked, front
from chains.study.base import TRUE, Card, Entry, Item, Study, Week
from models.types import Citation, Locator

Words = Callable[..., str]  # ("answer") -> "정답"; see app/ui/i18n, table study
Place = Callable[[Locator], str]
BOM = "\ufeff"  # without it Excel reads Korean in the machine's old encoding
COLUMNS = ("kind", "question", "options", "answer", "explanation", "source", "place", "quote")
_FORMULA = re.compile(r"^\s*[=+\-@\t\r]")


def answered(item: Item, words: Words) -> str:
    """The right answer as people read it."""
    return (words("true") if item.answer == TRUE else words("false")) if item.form == "truefalse" else item.answer


def place_of(source: Citation, place: Place) -> str:
    """Document and place."""
    where = place(source.locator)
    return f"{source.source} · {where}" if where else source.source


def to_csv(study: Study, words: Words, place: Place) -> str:
    """A row an item, UTF-8 with a byte order mark; a cell that a spreadsheet would compute gets a ' in front."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([words(f"column_{name}") for name in COLUMNS])
    for kind, question, options, back, why, source in _rows(study, words):
        cells = (kind, question, "\n".join(options), back, why, source.source, place(source.locator), source.quote)
        writer.writerow([_inert(cell) for cell in cells])
    return BOM + out.getvalue()


Row = tuple[str, str, tuple[str, ...], str, str, Citation]


def _rows(study: Study, words: Words) -> Iterator[Row]:
    for item in study.items:
        yield (
            words(f"form_{item.form}"), asked(item), item.options, answered(item, words), item.explanation, item.source,
        )  # fmt: skip
    for card in study.cards:
        yield words("kind_flashcards"), front(card), (), card.back, "", card.source
    for entry in study.entries:
        yield words("kind_glossary"), entry.term, entry.aliases, entry.meaning, "", entry.source
    for week in study.weeks:
        name = words("week", n=week.number, title=week.title)
        for entry in week.terms:
            yield name, entry.term, entry.aliases, entry.meaning, "", entry.source
        for reading in week.readings:
            yield name, reading.title, (), words("minutes", n=reading.minutes), "", reading.source
        for card in week.checks:
            yield name, front(card), (), card.back, "", card.source


def _inert(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def to_markdown(study: Study, words: Words, place: Place) -> str:
    """To read and to print: questions first, answers with their sources at the end."""
    lines = [f"# {words(f'kind_{study.kind}')}", "", ", ".join(_plain(name) for name in study.documents), ""]
    if study.items:
        lines += [*_questions(study.items, words), f"## {words('answers')}", ""]
        for number, item in enumerate(study.items, 1):
            lines += [
                f"{number}. **{_plain(answered(item, words))}** — {_plain(item.explanation)}",
                *_from(item.source, place),
            ]
    for card in study.cards:
        lines += _card(card, place)
    for entry in study.entries:
        lines += _entry(entry, place)
    for week in study.weeks:
        lines += _week(week, words, place)
    return "\n".join(lines).rstrip() + "\n"


def _questions(items: tuple[Item, ...], words: Words) -> Iterator[str]:
    for number, item in enumerate(items, 1):
        yield f"{number}. {_plain(asked(item))}"
        yield from (f"   {mark} {_plain(option)}" for mark, option in zip("①②③④⑤", item.options, strict=False))
        yield ""


def _card(card: Card, place: Place) -> list[str]:
    return [f"- **{_plain(front(card))}**", f"  {_plain(card.back)}", *_from(card.source, place)]


def _entry(entry: Entry, place: Place) -> list[str]:
    names = f" ({_plain(', '.join(entry.aliases))})" if entry.aliases else ""
    return [f"- **{_plain(entry.term)}**{names}: {_plain(entry.meaning)}", *_from(entry.source, place)]


def _week(week: Week, words: Words, place: Place) -> list[str]:
    lines = [f"## {words('week', n=week.number, title=_plain(week.title))}", ""]
    parts = (
        ("goals", [f"- {words('goal', topic=_plain(goal))}" for goal in week.goals]),
        ("terms", [line for entry in week.terms for line in _entry(entry, place)]),
        ("readings", [
            f"- {_plain(reading.title)} ({words('minutes', n=reading.minutes)}): {_plain(place_of(reading.source, place))}"
            for reading in week.readings
        ]),
        ("checks", [line for card in week.checks for line in _card(card, place)]),
    )  # fmt: skip
    for name, found in parts:
        lines += [f"### {words(name)}", "", *found, ""] if found else []
    return lines


def _from(source: Citation, place: Place) -> list[str]:
    quote = _plain(re.sub(r"\s+", " ", source.quote).strip())
    return [f"  > {quote} ({_plain(place_of(source, place))})", ""]


def _plain(text: str) -> str:
    """A document's text as Markdown that holds no HTML."""
    return re.sub(r"\s*\n\s*", " ", text).replace("&", "&amp;").replace("<", "&lt;")
