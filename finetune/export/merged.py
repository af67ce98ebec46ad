"""An adapter added to its base for good: a model folder of its own, and from there one GGUF file.

    merge(adapter, base, Path("merged"))           # safetensors, config, tokenizer
    finetune/export/gguf_model.py: write(…)        # for llama.cpp

Only what changes weights can be merged: a LoRA (DoRA too), full and partial training. A bottleneck adapter, a soft prompt or a prefix
adds something to the computation that no weight of the base can hold.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.adapter import Adapter
from finetune.base import METHOD_FILE
from finetune.base_model import Base, load_model, load_tokenizer, require_libraries
from finetune.recipe import methods
from models.errors import InputError
from models.files import disk_guard

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

TIED = ("lm_head.weight", "model.embed_tokens.weight")


def merge(adapter: Adapter, base: Base, folder: Path) -> None:
    """Writes a new folder. Computes in float32 and stores bfloat16, so that a small update is rounded once.

    Raises InputError where it cannot be merged or the folder exists, MissingError, DiskFull.
    """
    require_libraries()
    if folder.exists():
        detail = f"{folder} exists already; give a folder that does not"
        raise InputError(detail=detail, text_key="adapter.export_exists", path=str(folder))
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    needed = sum(path.stat().st_size for path in base.folder.glob("*.safetensors")) // 1_000_000
    try:
        with disk_guard(folder.parent, needed):
            draft.mkdir(parents=True)
            model = _merged(adapter, base)
            model.save_pretrained(draft, max_shard_size="100GB")
            load_tokenizer(base).save_pretrained(draft)
            shutil.copyfile(adapter.folder / METHOD_FILE, draft / METHOD_FILE)
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _merged(adapter: Adapter, base: Base) -> Any:
    """The model, bf16, without a trace of the method. Raises InputError where embeddings came apart, or nothing can be merged."""
    import torch

    method = methods()[adapter.made.method]
    model = method.load(load_model(base, torch.float32), adapter.folder)
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload(safe_merge=True)
    elif not adapter.whole and not method.whole:
        detail = f"The adapter {adapter.name} cannot be merged: what {adapter.made.method} learns stands beside the weights, not in them; hand it on as it is"
        raise InputError(detail=detail, text_key="adapter.no_merge", name=adapter.name, method=adapter.made.method)
    _require_tied(model, adapter.name)
    return model.to(torch.bfloat16)


def _require_tied(model: Module, name: str) -> None:
    config: Any = model.config
    if not getattr(config, "tie_word_embeddings", False):
        return
    weights: dict[str, Tensor] = dict(model.named_parameters(remove_duplicate=False))
    output, words = (weights.get(key) for key in TIED)
    if output is not None and words is not None and output.data_ptr() != words.data_ptr():
        detail = (
            f"Merging {name} would tear the tied embeddings of its base apart; train without embed_tokens and lm_head"
        )
        raise InputError(detail=detail, text_key="adapter.untied", name=name)
