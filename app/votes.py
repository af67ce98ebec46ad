"""Who was preferred: blind votes between two answers, kept in HOME/votes.sqlite and exported as CSV or JSON.

votes = Votes(home / "votes.sqlite")
votes.add("", "드롭아웃이란?", left="local · zero_shot", right="openai · zero_shot", verdict="left", blind=True)
votes.pairs()      # [("local · zero_shot", "openai · zero_shot", 1.0)], as evals.ranking takes them
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Literal, TypeVar, get_args

from app.database import Database
from models.errors import InputError

Verdict = Literal["left", "right", "tie", "bad"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
POINTS: dict[str, float] = {"left": 1.0, "right": 0.0, "tie": 0.5, "bad": 0.5}  # both bad: no preference either
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SCHEMA = (
    """CREATE TABLE votes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, question TEXT NOT NULL,
        left_name TEXT NOT NULL, right_name TEXT NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('left', 'right', 'tie', 'bad')),
        blind INTEGER NOT NULL, given_at TEXT NOT NULL);
    CREATE INDEX votes_by_owner ON votes (owner, id)""",
)
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Vote:
    """One verdict. left, right: names of the two as they stood; given_at: UTC, ISO 8601."""

    question: str
    left: str
    right: str
    verdict: Verdict
    blind: bool
    given_at: str


class Votes:
    """The votes of one home, each user's own. Cheap to make; safe from many threads."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def add(self, owner: str, question: str, *, left: str, right: str, verdict: str, blind: bool) -> None:
        """Raises InputError for a verdict that is none, and for a vote of one against itself."""
        if verdict not in VERDICTS or left == right:
            raise InputError(
                detail=f"{verdict!r} between {left!r} and {right!r} is no vote; give {', '.join(VERDICTS)}"
            )
        row = (owner, question, left, right, verdict, blind, datetime.now(UTC).isoformat(timespec="seconds"))
        query = """INSERT INTO votes (owner, question, left_name, right_name, verdict, blind, given_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)"""
        with self._database.connect() as db:
            db.execute(query, row)

    def all(self, owner: str = "") -> list[Vote]:
        """The owner's votes, oldest first."""
        query = """SELECT question, left_name AS left, right_name AS right, verdict, blind, given_at FROM votes
            WHERE owner = ? ORDER BY id"""
        with self._database.connect() as db:
            rows = db.execute(query, (owner,)).fetchall()
        return [Vote(**{**dict(row), "blind": bool(row["blind"])}) for row in rows]

    def pairs(self, owner: str = "") -> list[tuple[str, str, float]]:
        """(a, b, points of a) of the votes that were given blind: who knows the names does not judge the answer alone."""
        return [(vote.left, vote.right, POINTS[vote.verdict]) for vote in self.all(owner) if vote.blind]

    def clear(self, owner: str) -> int:
        """Forgets the owner's votes; how many."""
        with self._database.connect() as db:
            return db.execute("DELETE FROM votes WHERE owner = ?", (owner,)).rowcount


def draw(candidates: Sequence[C], names: Sequence[str], votes: Sequence[Vote], chance: random.Random) -> tuple[C, C]:
    """Two of the candidates, in random order: a pair that has met least often, so that every interval narrows.

    names: of the candidates, in the same order; at least two of them.
    """
    met = Counter(frozenset((vote.left, vote.right)) for vote in votes)
    pairs = list(combinations(range(len(candidates)), 2))
    fewest = min(met[frozenset((names[a], names[b]))] for a, b in pairs)
    first, second = chance.choice([(a, b) for a, b in pairs if met[frozenset((names[a], names[b]))] == fewest])
    left, right = chance.sample((first, second), 2)
    return candidates[left], candidates[right]


def as_json(votes: Sequence[Vote]) -> str:
    """A JSON array, a vote an object."""
    return json.dumps([asdict(vote) for vote in votes], ensure_ascii=False, indent=1) + "\n"


def as_csv(votes: Sequence[Vote]) -> str:
    """CSV with a byte order mark, so that spreadsheets read the Korean; no cell begins like a formula."""
    out = io.StringIO()
    out.write("\ufeff")
    names = [field.name for field in fields(Vote)]
    writer = csv.writer(out)
    writer.writerow(names)
    for vote in votes:
        writer.writerow([_cell(getattr(vote, name)) for name in names])
    return out.getvalue()


def _cell(value: object) -> str:
    words = str(value)
    return f"'{words}" if words.startswith(FORMULA_STARTS) else words
