"""How a model with an adapter wants to be asked, and its answers checked: what it was trained on is what it answers best.

A model tuned on the bare rules needs no examples before the question, which is a third of what it reads; one that refuses by
itself may take a lower threshold than one that does not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chains.calibration import Calibration, parse, shipped_values
from models.errors import InputError


@dataclass(frozen=True, slots=True)
class Manner:
    """prompt: a technique by name, "" for the usual one. calibration: of the check; None for the engine's own. adapter: name
    or path of the one that answers, "" for none."""

    prompt: str = ""
    calibration: Calibration | None = None
    adapter: str = ""


USUAL = Manner()


def calibration_beside(path: Path) -> Calibration:
    """The shipped calibration with what a file says otherwise, by section and key. Raises InputError."""
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
        return parse(_merged(shipped_values(), own))
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        why = str(error)
        detail = f"{path.name} of the adapter {path.parent.name} cannot be used ({why}); correct it or delete it"
        params = {"file": path.name, "name": path.parent.name, "why": why}
        raise InputError(detail=detail, text_key="adapter.bad_file", **params) from error


def _merged(
    usual: Mapping[str, Mapping[str, object]], own: Mapping[str, Mapping[str, object]]
) -> dict[str, Mapping[str, object]]:
    """Raises ValueError for a key that the usual one has not."""
    merged = dict(usual)
    for section, values in own.items():
        for key, value in values.items():
            if key not in usual.get(section, {}):
                raise ValueError(f"there is no {section}.{key}")
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise ValueError(f"{section}.{key} is no number")
        merged[section] = {**usual[section], **values}
    return merged
