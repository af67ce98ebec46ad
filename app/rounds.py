"""One question put to several contenders, kept in HOME/rounds.sqlite with what each of them said.

A round is written before anyone answers, so a reload or a crash loses the answers on their way at most. The order of its
entries is the order of the columns; in a blind round it was drawn, and the names stay here until `decide`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from app.database import Database
from models.types import Answer, Passage

MOST_ROUNDS = 200
SCHEMA = (
    """CREATE TABLE rounds (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, question TEXT NOT NULL, blind INTEGER NOT NULL,
        verdict TEXT NOT NULL DEFAULT '', evidence BLOB NOT NULL, asked_at TEXT NOT NULL);
    CREATE INDEX rounds_by_owner ON rounds (owner, asked_at);
    CREATE TABLE entries (
        round_id TEXT NOT NULL REFERENCES rounds (id) ON DELETE CASCADE, place INTEGER NOT NULL,
        entry BLOB NOT NULL, PRIMARY KEY (round_id, place))""",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One contender with what it said. name: as it stands in the ranking; title: as people see it; error: what a person
    was told where no answer came; settings: whether the next step is done there. Neither answer nor error: it has not finished, and never will after a reload."""

    name: str
    title: str
    answer: Answer | None = None
    error: str = ""
    settings: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the one retrieval found for all. retrieve_ms: milliseconds."""

    passages: tuple[Passage, ...] = ()
    retrieve_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Round:
    """verdict: "" until one is given; "open" where the names were asked for without a vote."""

    id: str
    question: str
    blind: bool
    verdict: str
    entries: tuple[Entry, ...]
    evidence: Evidence

    @property
    def hidden(self) -> bool:
        """Whether the names must not be shown yet."""
        return self.blind and not self.verdict

    @property
    def votable(self) -> bool:
        """Whether both answers of a blind pair are whole."""
        whole = [e.answer is not None and not e.answer.stopped for e in self.entries]
        return self.hidden and len(whole) == 2 and all(whole)


@cache
def _codec(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


class Rounds:
    """The rounds of one home, each user's own. Cheap to make; safe from many threads."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def begin(self, owner: str, question: str, entries: tuple[Entry, ...], blind: bool) -> str:
        """Writes a question down before it is answered; returns the round's id (32 hex digits)."""
        identity, now = uuid.uuid4().hex, datetime.now(UTC).isoformat(timespec="milliseconds")
        empty = _codec(Evidence).dump_json(Evidence())
        rows = [(identity, place, _codec(Entry).dump_json(entry)) for place, entry in enumerate(entries)]
        forget = """DELETE FROM rounds WHERE id IN
            (SELECT id FROM rounds WHERE owner = ? ORDER BY asked_at DESC, rowid DESC LIMIT -1 OFFSET ?)"""
        with self._database.connect() as db:
            db.execute(
                "INSERT INTO rounds VALUES (?, ?, ?, ?, '', ?, ?)", (identity, owner, question, blind, empty, now)
            )
            db.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)
            db.execute(forget, (owner, MOST_ROUNDS))
        return identity

    def found(self, identity: str, evidence: Evidence) -> None:
        """Keeps what the retrieval found."""
        with self._database.connect() as db:
            values = (_codec(Evidence).dump_json(evidence), identity)
            db.execute("UPDATE rounds SET evidence = ? WHERE id = ?", values)

    def keep(self, identity: str, place: int, entry: Entry) -> None:
        """Keeps what the contender in column `place` (from 0) said."""
        with self._database.connect() as db:
            values = (_codec(Entry).dump_json(entry), identity, place)
            db.execute("UPDATE entries SET entry = ? WHERE round_id = ? AND place = ?", values)

    def get(self, owner: str, identity: str) -> Round | None:
        """None where the owner has no such round, or it was written by a version whose types were others."""
        with self._database.connect() as db:
            row = db.execute("SELECT * FROM rounds WHERE id = ? AND owner = ?", (identity, owner)).fetchone()
            query = "SELECT entry FROM entries WHERE round_id = ? ORDER BY place"
            entries = db.execute(query, (identity,)).fetchall() if row else []
        return _round(row, entries) if row else None

    def recent(self, owner: str, count: int = 30) -> list[tuple[str, str]]:
        """(id, question) of the owner's last rounds, newest first."""
        query = "SELECT id, question FROM rounds WHERE owner = ? ORDER BY asked_at DESC, rowid DESC LIMIT ?"
        with self._database.connect() as db:
            return [(row["id"], row["question"]) for row in db.execute(query, (owner, count)).fetchall()]

    def decide(self, owner: str, identity: str, verdict: str) -> bool:
        """Ends the hiding of names; whether this was the first verdict, the only one that counts."""
        query = "UPDATE rounds SET verdict = ? WHERE id = ? AND owner = ? AND blind AND verdict = ''"
        with self._database.connect() as db:
            return db.execute(query, (verdict, identity, owner)).rowcount == 1


def _round(row: Any, entries: list[Any]) -> Round | None:
    from pydantic import ValidationError

    try:
        kept = tuple(_codec(Entry).validate_json(entry["entry"]) for entry in entries)
        evidence = _codec(Evidence).validate_json(row["evidence"])
    except ValidationError:
        return None
    return Round(row["id"], row["question"], bool(row["blind"]), row["verdict"], kept, evidence)
