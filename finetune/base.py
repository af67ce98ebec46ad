"""What the parts of the bench share: an example, a method, and the events of a run's journal. Cheap to import.

What lies where under HOME:

    finetune/data/<name>/       train.jsonl, validation.jsonl, test.jsonl, about.json      (finetune/data/store.py)
    finetune/bases/<name>/      a base model as bf16 safetensors with its tokenizer         (finetune/base_model.py)
    finetune/runs/<run>/        recipe.yaml, run.json, journal.jsonl, worker.log,           (finetune/runs.py)
        checkpoints/step-<n>/   adapter, optimizer, scheduler, random state: whole or absent
        result/                 what Method.save wrote, and method.json: see `Made`
    adapters/<name>/            the same files as a result, with a card and a GGUF form     (finetune/registry.py)

Errors: what a person can mend is InputError or MissingError of models/errors.py, with `text_key` naming the Korean text in
app/ui/i18n. A worker that fails writes the sentence into its journal; `runs.py` hands it on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from models.errors import InputError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from finetune.recipe import Recipe

Model = Any
"""A causal language model of transformers, or what wraps one; its type would cost the import of torch."""

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
METHOD_FILE = "method.json"
IGNORED = -100
"""Label of a token that carries no loss, as PyTorch's cross entropy has it."""


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation to learn from. messages: {"role": "system" | "user" | "assistant", "content": …}, the assistant's last.

    origin: "structure" | "paraphrase:<backend>" | "own:<file>" | "licensed:<what>". document: by which it is split; "" for own
    data without one. kind: "cite" | "refuse" | "chat" | …
    """

    id: str
    messages: tuple[dict[str, str], ...]
    origin: str = ""
    document: str = ""
    kind: str = "chat"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; a line of train.jsonl."""
        return asdict(self) | {"messages": [dict(message) for message in self.messages]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Example:
        """Inverse of `to_dict`."""
        return cls(**{**values, "messages": tuple(dict(message) for message in values["messages"])})


class Method(Protocol):
    """One way to make a model learn: a file in finetune/methods that exports METHOD. name: in recipes.

    serves: the backends that answer with what it saves; "local" needs a LoRA in GGUF form. whole: `save` writes a model
    (a folder like the base's), not an addition to one. Options: what a recipe can tell it under `options`.
    """

    name: str
    label: str
    label_ko: str
    serves: tuple[Literal["local", "hf"], ...]
    whole: bool
    Options: type[BaseModel]

    def loading(self) -> dict[str, Any]:
        """What loading the base is told besides, such as how to quantise it. Raises InputError or MissingError where this machine
        cannot."""

    def prepare(self, model: Model, recipe: Recipe) -> Model:
        """The model with only the method's parameters requiring gradients. Changes `model`. Raises InputError, MissingError."""

    def save(self, model: Model, folder: Path) -> None:
        """Writes what was learnt, and what `load` must know, into the existing folder: safetensors and JSON only."""

    def load(self, base: Model, folder: Path) -> Model:
        """The base with what `save` wrote: gives the logits of the model that was saved. Raises InputError."""


@dataclass(frozen=True, slots=True)
class Made:
    """method.json beside saved weights: what they are. base: its name; base_sha256: of its weights as `base_model` gives it.

    data: name of the dataset, data_sha256: its hash; steps: taken; scores: of the run (validation_loss, …).
    """

    method: str
    base: str
    base_sha256: str
    recipe: Mapping[str, Any]
    data: str = ""
    data_sha256: str = ""
    steps: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Writes method.json into the folder."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        (folder / METHOD_FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Made:
        """Raises InputError where the folder holds no method.json of ours."""
        try:
            values = json.loads((folder / METHOD_FILE).read_text(encoding="utf-8"))
            return cls(**values)
        except (OSError, ValueError, TypeError) as error:
            detail = (
                f"{folder} holds no {METHOD_FILE} that can be read ({error}): give the folder of an adapter made here"
            )
            raise InputError(detail=detail, text_key="finetune.no_method_file", path=str(folder)) from error


EventKind = Literal[
    "started", "step", "validation", "forgetting", "said", "saved", "stopped", "ended", "failed", "resumed"
]
LAST: frozenset[str] = frozenset({"stopped", "ended", "failed"})


@dataclass(frozen=True, slots=True)
class Event:
    """A line of journal.jsonl: {"kind", "step", "at", **values}. at: ISO time in UTC.

    started: method, base, data, steps, tokens_per_step, trained_parameters, all_parameters, device, dtype, pid
    resumed: from_step, pid; events of later steps that stand before it in the journal are void (`runs.py` leaves them out)
    step: loss, learning_rate, gradient_norm, tokens_per_s, left_s      validation: loss
    forgetting: loss, base_loss, probes_right, probes                   said: question, answer
    saved: checkpoint (name), best (bool)
    stopped, ended: reason ("stopped" | "wall_clock" | "early" | "all_steps"), seconds, result (bool: weights were kept)
    failed: error (one English sentence with the next step), text_key, params
    """

    kind: EventKind
    step: int
    at: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def now(cls, kind: EventKind, step: int, **values: Any) -> Event:
        return cls(kind, step, datetime.now(UTC).isoformat(timespec="milliseconds"), values)

    def to_line(self) -> str:
        """One line of JSON without its end; numbers that are no numbers become null."""
        row = {"kind": self.kind, "step": self.step, "at": self.at, **_finite(self.values)}
        return json.dumps(row, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> Event:
        """Raises ValueError for a line that a kill cut short."""
        row = json.loads(line)
        return cls(row.pop("kind"), row.pop("step"), row.pop("at"), row)


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and value - value != 0 else value for name, value in values.items()}
