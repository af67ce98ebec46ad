"""What the steps of the tab share: what has changed, and which run and adapter one step hands to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Shared:
    """data, adapters: states that take a new value whenever those have changed. tabs: the steps. run: state, name of a run."""

    data: Any
    adapters: Any
    run: Any
    tabs: Any = None
