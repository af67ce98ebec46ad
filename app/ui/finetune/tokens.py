"""The tokens of an example for the viewer, as the tokenizer of a model that is here has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from finetune.base import Example
from models.errors import MissingError


@dataclass(frozen=True, slots=True)
class Coloured:
    """runs: (text, "read" | "trained" | "end") in order. total, trained: tokens."""

    runs: tuple[tuple[str, str], ...]
    total: int
    trained: int


def coloured(context: Any, example: Example) -> Coloured:
    """Raises what finetune.encode raises, and MissingError where no tokenizer is here."""
    from finetune.base import IGNORED
    from finetune.encode import colour, encode

    tokenizer = _tokenizer(context.home, context.settings.weights_dir)
    pieces = colour(example, tokenizer)
    _, labels = encode(example, tokenizer)
    runs = tuple(
        (piece.text, "end" if piece.end and piece.trained else "trained" if piece.trained else "read")
        for piece in pieces
    )
    return Coloured(_joined(runs), len(labels), sum(label != IGNORED for label in labels))


def _joined(runs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """What is only read is shown in lines, not token by token: a prompt has hundreds of them."""
    found: list[tuple[str, str]] = []
    for text, kind in runs:
        if found and kind == "read" and found[-1][1] == "read":
            found[-1] = (found[-1][0] + text, kind)
        else:
            found.append((text, kind))
    return tuple(found)


@lru_cache(maxsize=1)
def _tokenizer(home: Path, weights_dir: Path) -> Any:
    """Of a base that training has unpacked, else of the smallest model of the catalogue that is here."""
    from finetune.base_model import Base, load_tokenizer, require_libraries

    require_libraries()
    for folder in sorted((home / "finetune" / "bases").glob("*/tokenizer.json")):
        return load_tokenizer(Base(folder.parent.name, folder.parent, ""))
    return _from_gguf(weights_dir)


def _from_gguf(weights_dir: Path) -> Any:
    """transformers reads a tokenizer out of a GGUF file. Raises MissingError."""
    from models.fetch import WeightsStore

    store = WeightsStore(weights_dir, offline=True)
    found = [
        (entry.size_bytes, path)
        for entry in store.entries()
        if entry.kind == "gguf" and (path := store.path(entry.name))
    ]
    if not found:
        raise MissingError(what="a model to take the tokenizer from", fix="coursemate models pull qwen2.5-coder-0.5b")
    from transformers import AutoTokenizer

    path = min(found)[1]
    return AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
