"""A value that is built when first asked for, by one thread, while the others wait."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """get: builds or returns. drop: forgets, and closes what has a `close`; the next get builds anew.

    A build that raises is not remembered: the next get tries again.
    """

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._lock = threading.RLock()
        self._value: list[T] = []  # at most one; None may be a value

    def get(self) -> T:
        with self._lock:
            if not self._value:
                self._value.append(self._build())
            return self._value[0]

    @property
    def built(self) -> bool:
        return bool(self._value)

    def drop(self) -> None:
        with self._lock:
            dropped: list[Any] = [*self._value]
            self._value.clear()
        for value in dropped:
            with contextlib.suppress(AttributeError):
                value.close()
