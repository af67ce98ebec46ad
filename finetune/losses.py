"""How surprised a model is by what it should have said: the loss on held-out examples, base and tuned with the same ruler.

    before, after = compared(base, adapter, examples)      # a row an example: (summed cross entropy in nats, tokens)

exp(sum of the one / sum of the other) is the perplexity of the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.base import Example
from finetune.base_model import Base, load_model, load_tokenizer, require_libraries
from finetune.recipe import Recipe, methods
from finetune.watch import Memory, Watch

Row = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Compared:
    """before, after: base and tuned. rows: of each example; memory: what was still known, see finetune/watch.py."""

    before: tuple[Row, ...]
    after: tuple[Row, ...]
    memory_before: Memory | None
    memory_after: Memory | None
    too_long: int


def compared(
    base: Base, method: str, folder: Path, examples: Sequence[Example], told: Callable[[str], None] = lambda what: None
) -> Compared:
    """Loads the base once, measures, puts the adapter on and measures again. Raises InputError, MissingError."""
    require_libraries()
    import torch

    from finetune.loop.batches import encoded
    from finetune.training import in_bf16

    tokenizer = load_tokenizer(base)
    kept, too_long = encoded(examples, tokenizer, Recipe().max_tokens) if examples else ([], 0)
    model = load_model(base, torch.bfloat16 if in_bf16(Recipe()) else torch.float32).eval()
    told("base")
    before, memory_before = _rows(model, kept), Watch.read().measure(model, tokenizer)
    model = methods()[method].load(model, folder).eval()
    told("tuned")
    after, memory_after = _rows(model, kept), Watch.read().measure(model, tokenizer)
    return Compared(before, after, memory_before, memory_after, too_long)


def _rows(model: Any, kept: Sequence[Any]) -> tuple[Row, ...]:
    import torch

    from finetune.loop.trainer import loss_of

    device = next(model.parameters()).device
    rows = []
    with torch.inference_mode():
        for row in kept:
            ids, labels = row.ids[None].to(device), row.labels[None].to(device)  # (1, T)
            loss, tokens = loss_of(model, ids, labels)
            rows.append((float(loss), float(tokens)))
    return tuple(rows)
