"""A conversation as a Markdown file: questions, answers with their marks, and the sentences they rest on."""

from __future__ import annotations

import re

from app.conversations import Conversations, Record, StoredTurn
from app.ui.i18n import locator_label, text
from models.types import Sentence

_LOADING = re.compile(r"!(?=\[)|<(?=[A-Za-z/!])")


def markdown(conversations: Conversations, owner: str, conversation: str) -> str | None:
    """The file's text; None where the owner has no such conversation. Tags and images in it are made harmless."""
    title = next((c.title for c in conversations.search(owner) if c.id == conversation), None)
    if title is None:
        return None
    turns = conversations.turns(owner, conversation)
    return "\n\n".join([f"# {harmless(title)}", *(_turn(turn) for turn in turns)]) + "\n"


def harmless(words: str) -> str:
    """Text that a Markdown viewer shows and neither runs nor loads."""
    return _LOADING.sub(lambda m: "\\" + m[0], words)


def _turn(turn: StoredTurn) -> str:
    question = "## " + harmless(" ".join(turn.question.split()))
    if turn.record is None:
        return f"{question}\n\n{text('chat.unanswered')}"
    answer = " ".join(_sentence(sentence) for sentence in turn.record.answer.sentences)
    return "\n\n".join(part for part in (question, answer, _sources(turn.record)) if part)


def _sentence(sentence: Sentence) -> str:
    marks = "".join(f"[{n}]" for n in sentence.citations)
    weak = "" if sentence.supported else " ⚠"
    return harmless(sentence.text) + marks + weak


def _sources(record: Record) -> str:
    lines = []
    for citation in record.answer.citations:
        place = locator_label(citation.locator)
        where = f"{citation.source} · {place}" if place else citation.source
        lines.append(f"- [{citation.n}] {harmless(where)}: {harmless(' '.join(citation.quote.split()))}")
    return "\n".join(lines)
