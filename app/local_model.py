"""Which model the backend `local` runs where the settings name none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.machine import memory
from app.settings import Settings

if TYPE_CHECKING:
    from models.fetch import WeightsStore

EMBEDDER_WEIGHTS = "multilingual-e5-small"
LARGE, SMALL = "qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"
LARGE_NEEDS_BYTES = 6_000_000_000  # of memory in the machine: the application with the 1.5B stays under 2.5 GB


def choose(settings: Settings, weights: WeightsStore) -> str:
    """The model of the settings; else the 1.5B where memory allows, the 0.5B where not; else the other one, if only that is here."""
    if settings.model:
        return settings.model
    best, other = (LARGE, SMALL) if memory().total >= LARGE_NEEDS_BYTES else (SMALL, LARGE)
    return other if weights.path(best) is None and weights.path(other) is not None else best
