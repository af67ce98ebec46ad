"""Outcomes and cases as JSON and back, without loss: what a run keeps of every answer.

row = to_json(outcome)          # {"v": 1, "answer": {…} | null, "ranking": […], "passages": […]}
from_json(row) == outcome
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from evals.base import Case, Outcome
from models.errors import InputError

VERSION = 1


def to_json(outcome: Outcome) -> dict[str, Any]:
    """A dictionary that `json.dumps` takes as it is."""
    return {"v": VERSION, **_adapter(Outcome).dump_python(outcome, mode="json", fallback=float, warnings=False)}


def from_json(values: Mapping[str, Any]) -> Outcome:
    """Inverse of `to_json`. Raises InputError for another version or values that are no outcome."""
    if values.get("v") != VERSION:
        version = values.get("v")
        raise InputError(detail=f"An outcome of version {version!r} was found, not {VERSION}; run the evaluation again")
    outcome: Outcome = _read(Outcome, {name: value for name, value in values.items() if name != "v"})
    return outcome


def case_to_json(case: Case) -> dict[str, Any]:
    """A dictionary that `json.dumps` takes as it is."""
    values: dict[str, Any] = _adapter(Case).dump_python(case, mode="json")
    return values


def case_from_json(values: Mapping[str, Any]) -> Case:
    """Inverse of `case_to_json`. Raises InputError."""
    case: Case = _read(Case, values)
    return case


def _read(kind: Any, values: Mapping[str, Any]) -> Any:
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            detail=f"This is no {kind.__name__.lower()}: {place}: {first['msg']}; run the evaluation again"
        ) from None


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
