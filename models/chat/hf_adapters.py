"""Adapters of a model in PyTorch: put on when it is loaded, weighed anew for a request. Safetensors only: a pickle can run code.

A folder or hub id of peft's (LoRA, soft prompt, prefix), or of our own bottleneck adapters (models/nn/bottleneck.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.nn import bottleneck

PEFT_FILES = ("adapter_config.json", "adapter_model.safetensors")
OWN_FILES = (bottleneck.CONFIG, bottleneck.WEIGHTS)


def attach(model: Any, name: str) -> Any:
    """The model with the adapter on it. Raises ValueError where there is none in a form that is loaded, InputError for a misfit."""
    folder = located(name)
    if (folder / bottleneck.CONFIG).is_file():
        return bottleneck.load(model, folder)
    from peft import PeftModel
    from peft.helpers import DoraCaching

    worn = PeftModel.from_pretrained(model, str(folder))
    if any(getattr(config, "use_dora", False) for config in worn.peft_config.values()):
        DoraCaching()(enabled=True)  # else the columns' lengths are computed anew for every token
    return worn


def is_whole(name: str) -> bool:
    """Whether it is the folder of a model that takes the base's place, as full and partial training leave it."""
    return bool(name) and (Path(name).expanduser() / "config.json").is_file()


def located(name: str) -> Path:
    """The folder of an adapter, fetched where it is a hub id. Raises ValueError where it holds no safetensors."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        from huggingface_hub import snapshot_download

        folder = Path(snapshot_download(name, allow_patterns=[*PEFT_FILES, *OWN_FILES]))
    if not any(all((folder / file).is_file() for file in files) for files in (PEFT_FILES, OWN_FILES)):
        raise ValueError(f"the adapter {name} lacks {' or '.join(PEFT_FILES)} (other forms are not loaded)")
    return folder


def weigh(model: Any, strength: float) -> None:
    """Sets how much the adapter counts from now on; a soft prompt or a prefix is there or not, so it keeps its weight."""
    for module in model.modules():
        if hasattr(module, "_dora_cache"):
            module._dora_cache.clear()  # lengths of the columns at the old strength; peft has no public way
        if hasattr(module, "set_scale") and hasattr(module, "scaling"):
            for adapter in module.scaling:
                module.set_scale(adapter, strength)
        elif hasattr(module, bottleneck.NAME):
            setattr(module, bottleneck.STRENGTH, strength)
