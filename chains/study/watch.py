"""Who waits while documents are read: told how far it has come, and able to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

Listener = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Watch:
    """progress: chunks read, of those that will be. Set `cancel` to stop: what is done is kept."""

    progress: Listener = lambda done, total: None
    cancel: threading.Event | None = None

    @property
    def stopped(self) -> bool:
        return bool(self.cancel and self.cancel.is_set())
