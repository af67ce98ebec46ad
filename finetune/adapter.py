"""An adapter as it lies on the disk: a folder, and what its files say.

<name>/method.json                                     what it is: finetune.base.Made
       adapter_config.json, adapter_model.safetensors  a LoRA of peft's; other methods save files of their own
       config.json, model*.safetensors, tokenizer…      a whole model, where every weight may have changed
       adapter.gguf                                    the LoRA as llama.cpp reads it (finetune/export/gguf_lora.py)
       serving.json                                    how it wants to be asked: see `Serving`
       calibration.toml                                thresholds of the answer check, where they differ from the usual ones
       scores.json, data.json                          what it gained and forgot; what the data was
       README.md, LICENSE                              its card
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from finetune.base import METHOD_FILE, Made
from finetune.export.gguf_lora import CONFIG, WEIGHTS
from models.errors import InputError
from models.files import write_atomic

GGUF, SERVING, CALIBRATION = "adapter.gguf", "serving.json", "calibration.toml"
SCORES, DATA, CARD, LICENSE = "scores.json", "data.json", "README.md", "LICENSE"
RESERVED = frozenset({"auto", "none"})
MOST_STRENGTH = 1.5
_NAME = re.compile(r"[^\W_][\w.-]{0,59}")


class Serving(BaseModel):
    """How an adapter wants to be asked. prompt: a technique of the chat by name, "" for the usual one; strength: 0 is the base."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str = ""
    strength: float = Field(default=1.0, ge=0, le=MOST_STRENGTH)

    @classmethod
    def read(cls, folder: Path) -> Serving:
        """The usual one where there is no such file. Raises InputError."""
        try:
            return cls.model_validate_json((folder / SERVING).read_bytes())
        except FileNotFoundError:
            return cls()
        except (OSError, ValidationError) as error:
            why = " ".join(str(error).split())[:200]
            detail = f"{SERVING} of the adapter {folder.name} cannot be used ({why}); correct it or delete it"
            raise InputError(
                detail=detail, text_key="adapter.bad_file", file=SERVING, name=folder.name, why=why
            ) from error

    def write(self, folder: Path) -> None:
        write_atomic(folder / SERVING, (self.model_dump_json(indent=1) + "\n").encode())


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter of the registry. shipped: it comes with CourseMate and cannot be changed."""

    name: str
    folder: Path
    made: Made
    serving: Serving
    shipped: bool = False

    @classmethod
    def read(cls, folder: Path, shipped: bool = False) -> Adapter:
        """Raises InputError where its files cannot be read."""
        return cls(folder.name, folder, Made.read(folder), Serving.read(folder), shipped)

    @property
    def is_lora(self) -> bool:
        """Whether it is a LoRA of peft's."""
        return (
            (self.folder / CONFIG).is_file()
            and (self.folder / WEIGHTS).is_file()
            and self.made.method in {"lora", "qlora"}
        )

    @property
    def gguf(self) -> Path | None:
        """Its form for llama.cpp, where it has been made."""
        path = self.folder / GGUF
        return path if path.is_file() else None

    @property
    def whole(self) -> bool:
        """Whether it is a model of its own rather than an addition to one."""
        return (self.folder / "config.json").is_file()

    @property
    def scores(self) -> dict[str, Any]:
        """Of scores.json; {} where it has not been evaluated, or the file cannot be read."""
        return read_json(self.folder / SCORES)

    @property
    def data(self) -> dict[str, Any]:
        """What the dataset said of itself when the adapter was made; {} where that is not known."""
        return read_json(self.folder / DATA)

    @property
    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())

    @property
    def created(self) -> str:
        """UTC, ISO 8601, to the minute."""
        changed = (self.folder / METHOD_FILE).stat().st_mtime
        return datetime.fromtimestamp(changed, UTC).isoformat(timespec="minutes")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, for the command line and the page."""
        return {
            "name": self.name,
            "method": self.made.method,
            "base": base_name(self.made),
            "data": self.made.data,
            "steps": self.made.steps,
            "shipped": self.shipped,
            "gguf": self.gguf is not None,
            "prompt": self.serving.prompt,
            "strength": self.serving.strength,
            "size_bytes": self.size_bytes,
            "created": self.created,
            "scores": self.scores,
        }


def base_name(made: Made) -> str:
    """The base by its name: a folder of somebody's computer by its last part alone."""
    path = made.base.replace("\\", "/").rstrip("/")
    outside = path.startswith(("/", ".", "~")) or ":/" in path
    return path.rsplit("/", 1)[-1] if outside else path


def check_name(name: str) -> str:
    """The name, if an adapter may have it. Raises InputError."""
    if not _NAME.fullmatch(name) or name.lower() in RESERVED or name.lower().endswith((".gguf", ".zip", ".draft")):
        detail = f"an adapter cannot be called {name[:80]!r}: take up to 60 letters, digits, '.', '-' and '_', beginning with a letter or digit"
        raise InputError(detail=detail, text_key="adapter.bad_name", name=name[:80])
    return name


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file of ours; {} where there is none, or none that can be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    write_atomic(path, (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode())
