"""Bottleneck adapters: behind the attention and behind the feed-forward of every layer, x + up(gelu(down(x))); only they learn.

Houlsby et al. 2019, https://arxiv.org/abs/1902.00751. `up` starts at 0, so the first step sees the base itself. peft has no such
method; training (finetune/methods/adapter.py) and answering (models/chat/hf.py) both use this one.

    insert(model, width=64)                   # changes the model: the new parameters are named *.bottleneck.*
    save(model, folder)                       # bottleneck.safetensors, bottleneck.json
    load(fresh_model, folder)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

CONFIG, WEIGHTS, NAME = "bottleneck.json", "bottleneck.safetensors", "bottleneck"
STRENGTH = "bottleneck_strength"
"""Attribute of a place that says how much its adapter counts; 1 where it is not set."""
PLACES = ("self_attn.o_proj", "mlp.down_proj")  # the last weights before each of a layer's two sums


def insert(model: nn.Module, width: int) -> nn.Module:
    """The same model with new adapters of that width. Raises InputError where its layers are not built as Qwen's or Llama's."""
    from torch import nn

    for place in _places(model):
        hidden, like = place.out_features, place.weight
        narrow: dict[str, Any] = {"dtype": like.dtype, "device": like.device}
        down, up = nn.Linear(hidden, width, **narrow), nn.Linear(width, hidden, **narrow)
        nn.init.normal_(down.weight, std=0.02)
        for zero in (down.bias, up.weight, up.bias):
            nn.init.zeros_(zero)
        place.add_module(NAME, nn.Sequential(down, nn.GELU(), up))
        place.register_forward_hook(_add)
    return model


def save(model: nn.Module, folder: Path) -> None:
    """Writes the adapters alone into an existing folder."""
    from safetensors.torch import save_file

    weights = {name: value.detach().contiguous().cpu() for name, value in model.state_dict().items() if _is_ours(name)}
    width = next(value.shape[0] for name, value in weights.items() if name.endswith(f"{NAME}.0.weight"))
    save_file(weights, folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps({"width": width}) + "\n", encoding="utf-8")


def load(model: nn.Module, folder: Path) -> nn.Module:
    """A base with the adapters of `folder`. Raises InputError where they are none, or were made for another base."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        width = int(json.loads((folder / CONFIG).read_text(encoding="utf-8"))["width"])
        weights = load_file(folder / WEIGHTS)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        why = " ".join(str(error).split())[:200]
        detail = f"{folder.name} holds no bottleneck adapters that can be read ({why}); export or train them again"
        params = {"file": WEIGHTS, "name": folder.name, "why": why}
        raise InputError(detail=detail, text_key="adapter.bad_file", **params) from error
    insert(model, width)
    try:
        _, unexpected = model.load_state_dict(weights, strict=False)
        missing = [name for name in model.state_dict() if _is_ours(name) and name not in weights]
        problem = next(iter([*unexpected, *missing]), "")
    except RuntimeError as error:
        problem = " ".join(str(error).split())[:200]
    if problem:
        detail = f"The adapter {folder.name} was made for another base ({problem}); choose the base it was made for"
        params = {"name": folder.name, "made_for": "-", "base": "-", "why": problem}
        raise InputError(detail=detail, text_key="adapter.other_base", **params)
    return model


def _add(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """(B, T, C) -> (B, T, C)"""
    added: Tensor = output + getattr(module, STRENGTH, 1.0) * module.get_submodule(NAME)(output)
    return added


def _places(model: nn.Module) -> Iterator[nn.Linear]:
    from torch import nn

    found = [
        module for name, module in model.named_modules() if name.endswith(PLACES) and isinstance(module, nn.Linear)
    ]
    if not found:
        detail = (
            f"The model {type(model).__name__} has no layers with {' and '.join(PLACES)}; choose a Qwen or Llama model"
        )
        raise InputError(detail=detail, text_key="adapter.no_layers", model=type(model).__name__)
    return iter(found)


def _is_ours(name: str) -> bool:
    return f".{NAME}." in name
