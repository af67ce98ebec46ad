"""The panel on the right: what an answer rests on, numbered, the sentence that matters highlighted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.ui.i18n import Language, locator_label, text
from app.ui.markup import attribute, blocks, inline, is_block
from models.types import Citation, Passage


@dataclass(frozen=True, slots=True)
class Shown:
    """What the panel shows. turn: whose evidence it is; focus: the source to point at, 0 for none."""

    passages: Sequence[Passage] = ()
    retrieve_ms: float = 0.0
    citations: Sequence[Citation] = ()
    turn: int = 0
    focus: int = 0


def panel(shown: Shown, lang: Language) -> str:
    """The panel's HTML; an invitation where nothing has been asked."""
    if not shown.passages:
        return f'<div class="cm-evidence" data-turn="{shown.turn}"><p class="cm-empty">{text("evidence.empty", lang)}</p></div>'
    title = text("evidence.title", lang, seconds=f"{shown.retrieve_ms / 1e3:.2f}")
    cards = "".join(_card(passage, shown, lang) for passage in shown.passages)
    return f'<div class="cm-evidence" data-turn="{shown.turn}"><h6>{title}</h6>{cards}</div>'


def _card(passage: Passage, shown: Shown, lang: Language) -> str:
    quotes = {c.quote for c in shown.citations if c.n == passage.n}
    on = " on" if passage.n == shown.focus else ""
    place = locator_label(passage.chunk.locator, lang)
    percent = round(100 * min(1.0, max(0.0, passage.score)))
    label = attribute(text("evidence.score", lang, percent=percent))
    return (
        f'<article class="cm-source{on}" data-n="{passage.n}" tabindex="-1">'
        f'<div class="cm-source-title"><span class="cm-chip">{passage.n}</span>'
        f'<b title="{attribute(passage.chunk.source)}">{inline(passage.chunk.source)}</b>'
        f'<span class="cm-bar" role="img" aria-label="{label}" title="{label}"><u style="width:{percent}%"></u></span></div>'
        f'<div class="cm-place">{inline(place)}</div>'
        f'<div class="cm-passage">{_passage(passage, quotes)}</div></article>'
    )


def _passage(passage: Passage, quotes: set[str]) -> str:
    """The sentences; those quoted by the answer are marked, before there is one the best match."""
    marked = {i for i, sentence in enumerate(passage.sentences) if sentence in quotes} or {passage.best}
    return " ".join(_sentence(sentence, i in marked) for i, sentence in enumerate(passage.sentences))


def _sentence(sentence: str, marked: bool) -> str:
    if is_block(sentence):
        return f'<div class="{"cm-marked" if marked else "cm-unmarked"}">{blocks(sentence)}</div>'
    return f"<mark>{inline(sentence)}</mark>" if marked else f"<span>{inline(sentence)}</span>"
