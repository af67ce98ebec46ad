"""What the sections of the tab share, one for all pages of a home: rounds, votes, templates and what runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.rounds import Rounds
from app.templates import Templates
from app.ui.sessions import Sessions
from app.votes import Votes


@dataclass(frozen=True, slots=True)
class Arena:
    """sessions: the comparison that each open page waits for."""

    rounds: Rounds
    votes: Votes
    templates: Templates
    sessions: Sessions = field(default_factory=Sessions)


def open_arena(home: Path) -> Arena:
    """The arena of a home. Raises StoreError, DiskFull."""
    return Arena(Rounds(home / "rounds.sqlite"), Votes(home / "votes.sqlite"), Templates(home / "prompts"))
