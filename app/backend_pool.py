"""The backends of this machine: what each lacks, and its chat model, built once, when first asked for.

The pool is what chains.rag.Models describes. It knows the settings and the keys; a backend knows neither.
"""

from __future__ import annotations

import difflib
import logging
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from app.keys import Keys
from app.settings import Settings
from models.backends.base import Backend, BackendConfig
from models.discovery import discover
from models.errors import InputError
from models.types import Usage

log = logging.getLogger(__name__)


class BackendPool:
    """Thread-safe. settings: asked anew each time, since the page changes them. local_model: the model of `local` when the
    settings name none; may fetch weights."""

    def __init__(self, settings: Callable[[], Settings], keys: Keys, local_model: Callable[[], str]) -> None:
        self._settings, self._keys, self._local_model = settings, keys, local_model
        self._models: dict[str, BaseChatModel] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @cached_property
    def backends(self) -> dict[str, Backend]:
        """Name -> backend, in the order of their files."""
        return {backend.name: backend for backend in discover("models.backends", "BACKEND").values()}

    def names(self) -> Sequence[str]:
        return tuple(self.backends)

    def backend(self, name: str) -> Backend:
        """Raises InputError for a name that is none, with the nearest one."""
        if name not in self.backends:
            near = difflib.get_close_matches(name, self.backends, n=1)
            hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(self.backends)}"
            raise InputError(detail=f"There is no backend {name!r}; {hint}")
        return self.backends[name]
