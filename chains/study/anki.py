"""Study sets as Anki decks (.apkg). The same item keeps its note, so that importing a set again updates it.

A document's text is escaped: nothing of it runs in Anki. Formulas between $ become MathJax, `code` and **bold** stay what they are.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from chains.study.asking import asked, front
from chains.study.base import Study
from chains.study.export import Place, Words, answered, place_of
from models.types import Citation

MODEL = 1_607_392_841  # numbers of our own that must never change: Anki tells note types and decks apart by them
DECKS = 1_700_000_000
FRONT = '<div class="question">{{Front}}</div>'
BACK = '{{FrontSide}}<hr id="answer"><div class="answer">{{Back}}</div><div class="source">{{Source}}</div>'
STYLE = """
.card { font-family: "Nanum Gothic", "Malgun Gothic", "Apple SD Gothic Neo", sans-serif; font-size: 20px; line-height: 1.6;
  max-width: 40em; margin: 0 auto; word-break: keep-all; }
ol { padding-left: 1.4em; } .source { margin-top: 1em; font-size: 14px; opacity: .7; }
"""
_MARKED = re.compile(r"`([^`\n]+)`|\$\$?([^$\n]+)\$\$?|\*\*([^*\n]+)\*\*")
Note = tuple[str, str, str, Citation]


def to_apkg(study: Study, title: str, words: Words, place: Place) -> bytes:
    """The deck's bytes. title: its name; a deck of the same name is the same deck."""
    import genanki

    fields = [{"name": name} for name in ("Front", "Back", "Source")]
    card = [{"name": "Card", "qfmt": FRONT, "afmt": BACK}]
    model = genanki.Model(MODEL, "CourseMate", fields=fields, templates=card, css=STYLE)
    deck = genanki.Deck(DECKS + int(hashlib.sha256(title.encode()).hexdigest()[:7], 16), title)
    for name, question, back, source in _notes(study, words):
        quoted = f"{rich(source.quote)}<br>{rich(place_of(source, place))}"
        deck.add_note(
            genanki.Note(model=model, fields=[question, back, quoted], guid=genanki.guid_for("coursemate", name))
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deck.apkg"
        _write(genanki.Package(deck), path)
        return path.read_bytes()


def _write(package: Any, path: Path) -> None:
    package.write_to_file(str(path))


def _notes(study: Study, words: Words) -> Iterator[Note]:
    for item in study.items:
        options = "".join(f"<li>{rich(option)}</li>" for option in item.options)
        question = rich(asked(item)) + (f"<ol>{options}</ol>" if options else "")
        yield item.id, question, f"<b>{rich(answered(item, words))}</b><br>{rich(item.explanation)}", item.source
    cards = (*study.cards, *(card for week in study.weeks for card in week.checks))
    for card in cards:
        yield card.id, rich(front(card)), rich(card.back), card.source
    entries = {entry.id: entry for entry in (*study.entries, *(entry for week in study.weeks for entry in week.terms))}
    for entry in entries.values():
        names = f"<br>({rich(', '.join(entry.aliases))})" if entry.aliases else ""
        yield entry.id, f"<b>{rich(entry.term)}</b>", rich(entry.meaning) + names, entry.source


def rich(text: str) -> str:
    """A document's text for a field of Anki: escaped, and without the braces that Anki would read as its own."""
    done, parts = 0, []
    for match in _MARKED.finditer(text):
        parts.append(_inert(text[done : match.start()]))
        code, formula, bold = (_inert(group) if group else "" for group in match.groups())
        parts.append(f"<code>{code}</code>" if code else f"\\({formula}\\)" if formula else f"<b>{bold}</b>")
        done = match.end()
    return "".join((*parts, _inert(text[done:]))).replace("\n", "<br>")


def _inert(text: str) -> str:
    """Without HTML, Anki's {{fields}} and [sound:…]; a \\( of the text itself starts no formula."""
    plain = escape(text).replace("[sound:", "[sound&#58;").replace("\\(", "\\&#40;").replace("\\[", "\\&#91;")
    return plain.replace("{{", "{&#123;").replace("}}", "}&#125;")
