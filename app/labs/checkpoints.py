"""Trained weights that come along with a lab, so that it shows results at once: data/labs/<name>/weights.safetensors.

A lab that has them offers Choice("weights", ("shipped", "train"), "shipped"), says in `ships` with which values they are made, and

    make(self, desk: Desk, **values: Value) -> Iterator[Progress | Made]

trains them by the code that `compute` runs when it is asked to train, and ends with Made. `python -m benchmarks.checkpoints` calls it,
writes the file and the card. Figures of the training (curve, accuracy, seconds, data) travel as `facts` in the file's own metadata.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from app.course import shipped
from app.labs.base import Desk, Lab, Progress, Value
from models.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

FILE, FACTS = "weights.safetensors", "facts"
CONTROL, SHIPPED, TRAIN = "weights", "shipped", "train"


@dataclass(frozen=True, slots=True)
class Made:
    """A training's end. tensors: by name, any shape. facts: JSON-ready, what the lab says of the training."""

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]


@runtime_checkable
class Shipping(Protocol):
    """A lab with weights of its own."""

    name: str
    ships: ClassVar[Mapping[str, Value]]

    def make(self, desk: Desk, **values: Value) -> Iterator[Progress | Made]: ...


def find(name: str) -> Made | None:
    """The lab's weights, float32, and their facts; None where none came along. Raises InputError for a damaged file."""
    path = place(name)
    return read(path) if path else None


def place(name: str) -> Path | None:
    """Where the lab's weights lie; None where none came along."""
    folder = shipped("labs")
    path = folder / name / FILE if folder else None
    return path if path and path.is_file() else None


def trained_by(lab: Lab) -> tuple[str, ...]:
    """The controls that say how to train, and do nothing with the weights that came along."""
    named = {control.name for control in lab.controls}
    return tuple(name for name in lab.ships if name in named - {CONTROL}) if isinstance(lab, Shipping) else ()


def meant(lab: Lab, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was set by hand, with weights=train where one of these says how to train and nothing says which weights."""
    asked = CONTROL not in given and any(name in given for name in trained_by(lab))
    return {**given, CONTROL: TRAIN} if asked else given


def read(path: Path) -> Made:
    """Inverse of `write`. Raises InputError."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: _wide(file.get_tensor(key)) for key in file.keys()}  # noqa: SIM118 - not a mapping
            facts = json.loads((file.metadata() or {})[FACTS])
    except (SafetensorError, KeyError, ValueError) as error:
        detail = f"{path.name} in {path.parent} cannot be read ({error}): get it again, or choose to train"
        raise InputError(
            detail=detail, text_key="labdata.broken", name=path.name, folder=str(path.parent), why=str(error)
        ) from error
    return Made(tensors, facts)


def write(path: Path, made: Made) -> None:
    """Floating-point tensors go in as float16."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    narrow = {key: (t.half() if t.is_floating_point() else t).contiguous() for key, t in made.tensors.items()}
    save_file(narrow, path, metadata={FACTS: json.dumps(made.facts, ensure_ascii=False)})


def _wide(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor
