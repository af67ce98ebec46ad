"""Any chat model in the format of Hugging Face, run here by PyTorch (processor, CUDA or Apple's GPU), with a LoRA of peft's.

`config.model` is a hub id, a folder, or the path of a GGUF file; `config.adapter` a hub id or folder of a LoRA adapter.
Weights come as safetensors or GGUF only: a pickle can run code. Code that a repository brings along is never run either.
Slower than `local` on a processor; its use is what llama.cpp has no form for, and a GPU.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from models.backends.base import BackendConfig
from models.errors import MissingError

INSTALL = "run `pip install 'coursemate[hf]'`"


class HFBackend:
    """See the module."""

    name = "hf"
    label = "Hugging Face (PyTorch)"
    label_ko = "허깅페이스 (PyTorch)"
    key_variable = None
    default_model = "Qwen/Qwen3-0.6B"

    def missing(self, config: BackendConfig) -> str | None:
        needed = ("torch", "transformers", *(("peft",) if config.adapter else ()))
        lacking = [name for name in needed if importlib.util.find_spec(name) is None]
        if lacking:
            return f"the packages {', '.join(lacking)} are not installed; {INSTALL}"
        for what, name in (("model", config.model), ("adapter", config.adapter)):
            if names_a_path(name) and not Path(name).expanduser().exists():
                return f"there is no {what} {name}; check the path in the settings"
        return None

    def build(self, config: BackendConfig) -> BaseChatModel:
        """Loads the weights, from the hub where they are not here. Raises MissingError or WeightsError."""
        lacking = self.missing(config)
        if lacking:
            raise MissingError(what=self.label, fix=lacking)
        from models.chat.hf import HFChat

        return HFChat.load(config, config.model or self.default_model)


def names_a_path(name: str) -> bool:
    """Whether `name` is meant as a path, not as a hub id (`owner/name`)."""
    return name.startswith(("/", ".", "~")) or name.endswith(".gguf") or "\\" in name


BACKEND = HFBackend()
