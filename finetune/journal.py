"""A run's journal: one event a line, written by the worker, read by anybody at any time.

journal = Journal(run_dir / "journal.jsonl")
journal.write(Event.now("step", 3, loss=1.2))
journal.events()          # what counts: without a line cut short by a kill, and without what a resumed run does again
"""

from __future__ import annotations

from pathlib import Path

from finetune.base import Event

FILE = "journal.jsonl"


class Journal:
    """Cheap to make; the file need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, event: Event) -> None:
        """Adds a line, in one write that readers see at once. A line that a kill cut short is closed first."""
        with self.path.open("ab+") as file:
            file.seek(0, 2)
            end = file.tell()
            file.seek(max(0, end - 1))
            torn = end and file.read(1) != b"\n"
            file.write((b"\n" if torn else b"") + event.to_line().encode() + b"\n")

    def events(self) -> list[Event]:
        """Oldest first; [] where there is no journal."""
        return valid(self.parsed(self.lines()))

    def lines(self) -> list[str]:
        """All that end; a line that is still being written comes with the next look."""
        try:
            text = self.path.read_bytes().decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        return text.split("\n")[:-1]

    @staticmethod
    def parsed(lines: list[str]) -> list[Event]:
        """Without those that a kill cut short."""
        return [event for line in lines if (event := _event(line))]


def valid(events: list[Event]) -> list[Event]:
    """Without what stands behind the step that a later `resumed` goes back to: those steps are taken once more."""
    kept: list[Event] = []
    for event in events:
        if event.kind == "resumed":
            kept = [earlier for earlier in kept if earlier.step <= event.step and not _is_last(earlier)]
        kept.append(event)
    return kept


def _is_last(event: Event) -> bool:
    return event.kind in {"stopped", "ended", "failed"}


def _event(line: str) -> Event | None:
    """None for a line that is not whole."""
    try:
        return Event.from_line(line)
    except (ValueError, KeyError, AttributeError):
        return None
