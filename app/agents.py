"""The agent's conversations: what was asked, every step, and the checked answer, in HOME/agent.sqlite beside the agent's own memory.

A task is written down before it is run and its steps as they end, so that a crash or a closed tab loses one step at most. Every
access names the owner; nobody reads another's conversation by guessing its id.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from app.conversations import Conversation, title_of
from app.database import Database
from models.types import Answer, Passage

STEPS = [
    """CREATE TABLE agent_threads (id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, updated_at TEXT NOT NULL);
    CREATE INDEX agent_threads_by_owner ON agent_threads (owner, updated_at DESC);
    CREATE TABLE agent_runs (id INTEGER PRIMARY KEY AUTOINCREMENT, thread TEXT NOT NULL REFERENCES agent_threads (id)
        ON DELETE CASCADE, task TEXT NOT NULL, record BLOB, asked_at TEXT NOT NULL);
    CREATE INDEX agent_runs_by_thread ON agent_runs (thread, id)"""
]
MEMORY = "agent.sqlite"


@dataclass(frozen=True, slots=True)
class KeptStep:
    """A tool call as it is shown. numbers: of the passages it found; ms: None while it runs."""

    n: int
    tool: str
    arguments: Mapping[str, Any]
    result: str = ""
    ms: float | None = None
    status: str = "running"
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """What came of a task so far. answer: None while, or because, there is none; note: why, for a person; limit: what ended it."""

    steps: tuple[KeptStep, ...] = ()
    answer: Answer | None = None
    passages: tuple[Passage, ...] = ()
    limit: str = ""
    note: str = ""
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class AgentRun:
    """One task of a conversation."""

    id: int
    task: str
    record: AgentRecord


@cache
def _codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(AgentRecord)


class AgentThreads:
    """The conversations of one home. Cheap to make; safe from many threads."""

    def __init__(self, home: Path) -> None:
        self._db = Database(home / MEMORY, STEPS)

    def all(self, owner: str) -> list[Conversation]:
        """Newest first."""
        query = """SELECT t.id, t.title, t.updated_at, count(r.id) AS turns FROM agent_threads t
            LEFT JOIN agent_runs r ON r.thread = t.id WHERE t.owner = ? GROUP BY t.id ORDER BY t.updated_at DESC"""
        with self._db.connect() as db:
            return [Conversation(**dict(row)) for row in db.execute(query, (owner,)).fetchall()]

    def runs(self, owner: str, thread: str) -> list[AgentRun]:
        """All tasks of a conversation, oldest first; empty where the owner has no such conversation."""
        from pydantic import ValidationError

        query = """SELECT r.id, r.task, r.record FROM agent_runs r JOIN agent_threads t ON t.id = r.thread
            WHERE t.id = ? AND t.owner = ? ORDER BY r.id"""
        with self._db.connect() as db:
            rows = db.execute(query, (thread, owner)).fetchall()
        runs = []
        for row in rows:
            try:
                record = _codec().validate_json(row["record"]) if row["record"] else AgentRecord()
            except ValidationError:  # of another version
                record = AgentRecord()
            runs.append(AgentRun(row["id"], row["task"], record))
        return runs

    def begin(self, owner: str, thread: str, task: str) -> tuple[str, int]:
        """Writes a task down, in a new conversation where the owner has none of that id; gives both ids."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._db.connect() as db:
            known = db.execute("SELECT 1 FROM agent_threads WHERE id = ? AND owner = ?", (thread, owner)).fetchone()
            if known:
                db.execute("UPDATE agent_threads SET updated_at = ? WHERE id = ?", (now, thread))
            else:
                thread = uuid.uuid4().hex
                db.execute("INSERT INTO agent_threads VALUES (?, ?, ?, ?)", (thread, owner, title_of(task), now))
            cursor = db.execute("INSERT INTO agent_runs (thread, task, asked_at) VALUES (?, ?, ?)", (thread, task, now))
        return thread, int(cursor.lastrowid or 0)

    def keep(self, run: int, record: AgentRecord) -> None:
        """What came of a task so far; one that was deleted meanwhile stays deleted."""
        with self._db.connect() as db:
            db.execute("UPDATE agent_runs SET record = ? WHERE id = ?", (_codec().dump_json(record), run))

    def delete(self, owner: str, thread: str) -> bool:
        """Forgets a conversation; whether the owner had it."""
        with self._db.connect() as db:
            query = "DELETE FROM agent_threads WHERE id = ? AND owner = ?"
            return bool(db.execute(query, (thread, owner)).rowcount)
