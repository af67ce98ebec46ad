"""Question sets kept by the application: HOME/questions/<name>.jsonl, and the shipped ones, which are only read.

A name never leaves the folder. Every change reads the file again under a lock and says which version of the question it was
made from: of two windows that change the same question the second is told, and different questions do not get in each
other's way.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.conversations import Conversations, StoredTurn
from app.course import shipped
from evals.base import Case
from evals.questions import MOST_ROWS, Entry, dump, load_entries, normal, row_of, save_entries
from models.errors import CourseMateError, InputError

NAME_CHARACTERS = 60
LOCK_S = 10.0
FROM_CHAT = "chat"
_FORBIDDEN = frozenset('/\\:*?"<>|')
_RESERVED = frozenset({"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)})


@dataclass(frozen=True, slots=True)
class SetInfo:
    """A set in the list. open: questions that nobody has accepted or decided yet; broken: why it cannot be read."""

    name: str
    count: int = 0
    open: int = 0
    shipped: bool = False
    broken: CourseMateError | None = None


def check_name(name: str) -> str:
    """The name in its one form. Raises InputError for one that is empty, too long or no plain file name."""
    plain = " ".join(normal(name).split())
    bad = any(c in _FORBIDDEN or unicodedata.category(c).startswith("C") for c in plain)
    stem = plain.split(".")[0].strip().lower()
    if not plain or len(plain) > NAME_CHARACTERS or bad or plain[0] == "." or plain[-1] == "." or stem in _RESERVED:
        detail = f"A set cannot be named {name[:80]!r}; use letters, digits and spaces, at most {NAME_CHARACTERS}"
        raise _wrong("bad_name", detail, name=name[:80], most=NAME_CHARACTERS)
    return plain


def version_of(entry: Entry) -> str:
    """Changes whenever the entry does."""
    return hashlib.sha256(json.dumps(row_of(entry), sort_keys=True).encode()).hexdigest()[:16]


class QuestionSets:
    """The sets of one home. Cheap to make; methods may be called from any thread and process."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "questions"

    def infos(self) -> list[SetInfo]:
        """Own sets by name, then the shipped ones."""
        own = sorted(self.folder.glob("*.jsonl"), key=lambda path: path.stem) if self.folder.is_dir() else []
        return [_info(path) for path in own] + [_info(path, shipped=True) for path in _shipped_files()]

    def path(self, name: str, shipped: bool = False) -> Path:
        """The set's file. Raises InputError where there is none."""
        files = {path.stem: path for path in _shipped_files()} if shipped else {}
        path = files.get(name) if shipped else self.folder / f"{check_name(name)}.jsonl"
        if path is None or not path.is_file():
            raise _wrong("no_set", f"There is no question set {name[:80]!r}; it may have been renamed", name=name[:80])
        return path

    def entries(self, name: str, shipped: bool = False) -> list[Entry]:
        """Questions in order; [] for an own set that holds none. Raises QuestionSetError, InputError."""
        path = self.path(name, shipped)
        return load_entries(path) if path.stat().st_size else []

    def create(self, name: str, entries: Sequence[Entry]) -> str:
        """A new set; returns its name, which gets a number where it is taken. Raises InputError, DiskFull."""
        wanted = check_name(name)
        with self._locked():
            taken, free = 1, wanted
            while (self.folder / f"{free}.jsonl").exists():
                taken += 1
                free = check_name(f"{wanted[: NAME_CHARACTERS - 6]} ({taken})")
            save_entries(self.folder / f"{free}.jsonl", entries)
        return free

    def add(self, name: str, entries: Sequence[Entry]) -> int:
        """Puts questions behind those of a set, made where it is not there; ids it has stay as they are. How many came."""
        wanted = check_name(name)
        with self._locked():
            path = self.folder / f"{wanted}.jsonl"
            before = load_entries(path) if path.is_file() and path.stat().st_size else []
            ids = {entry.case.id for entry in before}
            new = [entry for entry in entries if entry.case.id not in ids]
            if len(before) + len(new) > MOST_ROWS:
                raise _wrong("full", f"The set {wanted} would hold more than {MOST_ROWS} questions", name=wanted)
            if new or not path.is_file():
                save_entries(path, [*before, *new])
        return len(new)

    def change(self, name: str, question: str, seen: str, new: Entry | None) -> None:
        """Replaces one question, or drops it for None. seen: its version (`version_of`) when the person saw it.

        Raises InputError where it was changed meanwhile.
        """
        if new is not None:
            check_entry(new)
        with self._locked():
            path = self.path(name)
            entries = load_entries(path) if path.stat().st_size else []
            at = next((at for at, entry in enumerate(entries) if entry.case.id == question), None)
            if at is None or version_of(entries[at]) != seen:
                raise _wrong("changed", "This question was changed in another window; look at it again, then decide")
            entries[at : at + 1] = [] if new is None else [new]
            save_entries(path, entries)

    def accept_all(self, name: str) -> int:
        """Accepts every decided question; how many were not before."""
        with self._locked():
            path = self.path(name)
            entries = load_entries(path) if path.stat().st_size else []
            open_ones = sum(entry.decided and not entry.accepted for entry in entries)
            if open_ones:
                save_entries(path, [replace(e, accepted=True) if e.decided else e for e in entries])
        return open_ones

    def rename(self, name: str, to: str) -> str:
        """Returns the new name. Raises InputError where it is taken."""
        wanted = check_name(to)
        with self._locked():
            path, target = self.path(name), self.folder / f"{wanted}.jsonl"
            if target.exists() and wanted != path.stem:
                raise _wrong("taken", f"There is a set named {wanted} already; choose another name", name=wanted)
            path.rename(target)
        return wanted

    def delete(self, name: str) -> None:
        """Raises InputError where it is not there."""
        with self._locked():
            self.path(name).unlink()

    def exported(self, name: str, shipped: bool = False) -> str:
        """The set as JSON Lines."""
        return dump(self.entries(name, shipped))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with FileLock(self.folder / ".lock", timeout=LOCK_S):
                yield
        except Timeout:
            raise _wrong("busy", "Another CourseMate is writing question sets; try again in a moment") from None


def check_entry(entry: Entry) -> None:
    """Raises QuestionSetError or InputError for what could not be read back."""
    from evals.questions import parse

    parse(dump([entry]), entry.case.id)


def from_chat(conversations: Conversations, owner: str) -> list[Entry]:
    """Answers that the owner disliked and questions that were refused, newest conversation first, undecided: whether the
    documents hold the answer, and which sentence does, is for a person to say."""
    found = []
    for conversation in conversations.search(owner):
        for turn in conversations.turns(owner, conversation.id):
            if turn.record and (turn.vote < 0 or (turn.record.answer.refused and turn.vote <= 0)):
                found.append(_from_turn(turn, turn.record.answer.standalone_question, turn.record.answer.text))
    return found


def _from_turn(turn: StoredTurn, standalone: str, answer: str) -> Entry:
    """The question as it can be understood without its conversation, and what was answered."""
    tag = "disliked" if turn.vote < 0 else "refused"
    said = " ".join(answer.split())[:400]
    note = f"{turn.reason.strip()} · {said}" if turn.reason.strip() else said
    question = normal(standalone or turn.question)[:4_000]
    return Entry(Case(f"chat-{turn.id}", question, tags=(FROM_CHAT, tag)), decided=False, accepted=False, note=note)


def _info(path: Path, shipped: bool = False) -> SetInfo:
    try:
        entries = load_entries(path) if path.stat().st_size else []
    except CourseMateError as error:
        return SetInfo(path.stem, shipped=shipped, broken=error)
    waiting = sum(not (entry.accepted and entry.decided) for entry in entries)
    return SetInfo(path.stem, len(entries), waiting, shipped)


def _shipped_files() -> list[Path]:
    folder = shipped("questions")
    return sorted(folder.glob("course-*.jsonl")) if folder else []


def _wrong(key: str, detail: str, **params: Any) -> InputError:
    return InputError(detail=detail, text_key=f"sets.{key}", **params)
