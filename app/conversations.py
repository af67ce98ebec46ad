"""What was asked and answered, kept in HOME/conversations.sqlite: list, search, rename, delete, feedback, export.

A question is written before it is answered, so a crash or a closed tab loses the answer at most. Every access names the
owner (the signed-in user, "" on one's own machine): nobody reads another's conversation by guessing its id. Answers are
kept as JSON of the types in models/types.py; keys and settings never come here.
"""

from __future__ import annotations

import logging
import sqlite3
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from app.database import Database
from models.errors import InputError
from models.types import Answer, Passage, Sentence, Turn

log = logging.getLogger(__name__)

TITLE_CHARACTERS = 60
QUESTION_CHARACTERS = 8_000
MAX_ID = 2**63 - 1

SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS conversations_by_owner ON conversations (owner, updated_at DESC);
CREATE TABLE IF NOT EXISTS turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    question TEXT NOT NULL, answer_text TEXT NOT NULL DEFAULT '', record BLOB, asked_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS turns_by_conversation ON turns (conversation_id, id);
CREATE TABLE IF NOT EXISTS feedback (
    turn_id INTEGER PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
    vote INTEGER NOT NULL CHECK (vote IN (-1, 1)), reason TEXT NOT NULL DEFAULT '', given_at TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Record:
    """An answer with the evidence it was shown with. retrieve_ms: milliseconds until the evidence was there."""

    answer: Answer
    passages: tuple[Passage, ...] = ()
    retrieve_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Conversation:
    """A row of the list. updated_at: UTC, ISO 8601; turns: questions asked in it."""

    id: str
    title: str
    updated_at: str
    turns: int


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """One question with what became of it. record: None while, or because, no answer came. vote: -1, 0 or 1."""

    id: int
    question: str
    record: Record | None
    vote: int = 0
    reason: str = ""

    def as_history(self) -> Turn:
        """The turn as the engine reads it."""
        return Turn(self.question, self.record.answer.text if self.record else "")


@dataclass(frozen=True, slots=True)
class Feedback:
    """A reader's verdict on an answer, for later use in evaluation and fine-tuning."""

    question: str
    record: Record
    vote: Literal[-1, 1]
    reason: str


@cache
def _codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Record)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def title_of(question: str) -> str:
    """The first line of a question, cut at a word near `TITLE_CHARACTERS`."""
    line = " ".join(question.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    cut = line[:TITLE_CHARACTERS]
    return (cut[: cut.rfind(" ")] if " " in cut[TITLE_CHARACTERS // 2 :] else cut) + "…"


class Conversations:
    """The conversations of one home. Cheap to make; safe from many threads (a connection a call, WAL)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connect = Database(path, [SCHEMA]).connect

    def create(self, owner: str, question: str) -> str:
        """A new conversation named after its first question; returns its id (32 hex digits)."""
        conversation, now = uuid.uuid4().hex, _now()
        with self._connect() as db:
            row = (conversation, owner, title_of(question), now, now)
            db.execute("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", row)
        return conversation

    def search(self, owner: str, words: str = "") -> list[Conversation]:
        """Newest first; with `words`, those that hold all of its words in the title, a question or an answer."""
        query = """SELECT c.id, c.title, c.updated_at, count(t.id) AS turns FROM conversations c
            LEFT JOIN turns t ON t.conversation_id = c.id WHERE c.owner = ?"""
        values: list[str] = [owner]
        for word in unicodedata.normalize("NFC", words).split():
            query += """ AND (c.title LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM turns h WHERE h.conversation_id = c.id
                AND (h.question LIKE ? ESCAPE '\\' OR h.answer_text LIKE ? ESCAPE '\\')))"""
            values += [_like(word)] * 3
        with self._connect() as db:
            rows = db.execute(query + " GROUP BY c.id ORDER BY c.updated_at DESC, c.rowid DESC", values).fetchall()
        return [Conversation(**dict(row)) for row in rows]

    def exists(self, owner: str, conversation: str) -> bool:
        """Whether the owner has such a conversation."""
        with self._connect() as db:
            return self._owned(db, owner, conversation)

    def turns(self, owner: str, conversation: str) -> list[StoredTurn]:
        """All turns, oldest first; empty where the owner has no such conversation."""
        query = """SELECT t.id, t.question, t.answer_text, t.record, f.vote, f.reason FROM turns t
            JOIN conversations c ON c.id = t.conversation_id LEFT JOIN feedback f ON f.turn_id = t.id
            WHERE c.id = ? AND c.owner = ? ORDER BY t.id"""
        with self._connect() as db:
            rows = db.execute(query, (conversation, owner)).fetchall()
        return [StoredTurn(r["id"], r["question"], _decode(r), r["vote"] or 0, r["reason"] or "") for r in rows]

    def ask(self, owner: str, conversation: str, question: str) -> int:
        """Write a question down before it is answered; returns the turn's id. Raises InputError."""
        with self._connect() as db:
            self._require(db, owner, conversation)
            db.execute("UPDATE conversations SET updated_at = ? WHERE id = ?", (_now(), conversation))
            row = (conversation, unicodedata.normalize("NFC", question), _now())
            cursor = db.execute("INSERT INTO turns (conversation_id, question, asked_at) VALUES (?, ?, ?)", row)
        return int(cursor.lastrowid or 0)

    def answer(self, turn: int, record: Record) -> None:
        """Keep a turn's answer. A turn deleted meanwhile stays deleted."""
        with self._connect() as db:
            values = (_codec().dump_json(record), record.answer.text, turn)
            db.execute("UPDATE turns SET record = ?, answer_text = ? WHERE id = ?", values)

    def drop(self, owner: str, conversation: str, first: int, before: int | None = None) -> None:
        """Forget the turn `first` and those after it, up to but without `before`. Raises InputError."""
        query = "DELETE FROM turns WHERE conversation_id = ? AND id >= ? AND id < ?"
        with self._connect() as db:
            self._require(db, owner, conversation)
            db.execute(query, (conversation, first, before or MAX_ID))

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Raises InputError where the title is empty or the conversation is not the owner's."""
        name = " ".join(unicodedata.normalize("NFC", title).split())[: 2 * TITLE_CHARACTERS]
        if not name:
            raise InputError(detail="The title is empty; give the conversation a name.", text_key="chat.title_empty")
        with self._connect() as db:
            self._require(db, owner, conversation)
            db.execute("UPDATE conversations SET title = ? WHERE id = ?", (name, conversation))

    def delete(self, owner: str, conversation: str) -> None:
        """Forget a conversation with its turns and feedback. Raises InputError where it is not the owner's."""
        with self._connect() as db:
            self._require(db, owner, conversation)
            db.execute("DELETE FROM conversations WHERE id = ?", (conversation,))

    def rate(self, owner: str, turn: int, vote: int, reason: str = "") -> None:
        """Keep a reader's verdict: 1 good, -1 bad, 0 takes it back. Ignores a turn that is not the owner's."""
        with self._connect() as db:
            owned = """SELECT 1 FROM turns t JOIN conversations c ON c.id = t.conversation_id
                WHERE t.id = ? AND c.owner = ?"""
            if not db.execute(owned, (turn, owner)).fetchone():
                return
            db.execute("DELETE FROM feedback WHERE turn_id = ?", (turn,))
            if vote:
                row = (turn, 1 if vote > 0 else -1, reason[:QUESTION_CHARACTERS], _now())
                db.execute("INSERT INTO feedback VALUES (?, ?, ?, ?)", row)

    def feedback(self) -> Sequence[Feedback]:
        """Every verdict kept, of all owners, oldest first."""
        query = """SELECT t.question, t.answer_text, t.record, f.vote, f.reason FROM feedback f JOIN turns t ON t.id = f.turn_id
            WHERE t.record IS NOT NULL ORDER BY f.given_at"""
        with self._connect() as db:
            rows = db.execute(query).fetchall()
        records = ((row, _decode(row)) for row in rows)
        return [Feedback(row["question"], record, row["vote"], row["reason"]) for row, record in records if record]

    @staticmethod
    def _owned(db: sqlite3.Connection, owner: str, conversation: str) -> bool:
        query = "SELECT 1 FROM conversations WHERE id = ? AND owner = ?"
        return db.execute(query, (conversation, owner)).fetchone() is not None

    def _require(self, db: sqlite3.Connection, owner: str, conversation: str) -> None:
        if not self._owned(db, owner, conversation):
            detail = f"There is no conversation {conversation!r}; it may have been deleted. Start a new one."
            raise InputError(detail=detail, text_key="chat.conversation_gone")


def _like(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _decode(row: sqlite3.Row) -> Record | None:
    """The stored answer. One of another version that no longer fits the types keeps its words, without its checks."""
    from pydantic import ValidationError

    if row["record"] is None:
        return None
    try:
        record: Record = _codec().validate_json(row["record"])
    except ValidationError:
        log.warning("an answer was stored by another version; its evidence cannot be read")
        return Record(Answer(row["question"], (Sentence(row["answer_text"], 0.0),)))
    return record
