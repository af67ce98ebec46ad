"""Answers on this machine through llama.cpp: no key, no network. One engine serves all chat models of one GGUF file.

    model = BACKEND.build(BackendConfig(weights_dir=…, model="qwen2.5-coder-0.5b"))
    for piece in model.stream("드롭아웃은 왜 쓰나요?"): ...

`config.model` is a catalogue name, the path of a GGUF file, or a hub id that has been pulled. `config.adapter` is the path
of a LoRA adapter in GGUF form, weighed by `config.adapter_scale`. Extra request fields of llama.cpp go through `bind`:
`model.bind(extra_body={"grammar": …})`, `model.bind(response_format={"type": "json_schema", …})`.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from models.backends.base import BackendConfig
from models.engines.llama import EngineSpec, LocalEngine
from models.errors import MissingError

DEFAULT_MODEL = "qwen2.5-coder-1.5b"


class LocalBackend:
    """See the module."""

    name = "local"
    label = "This computer (llama.cpp)"
    label_ko = "이 컴퓨터 (llama.cpp)"
    key_variable = None
    default_model = DEFAULT_MODEL

    def missing(self, config: BackendConfig) -> str | None:
        if importlib.util.find_spec("xllamacpp") is None:
            return "the package xllamacpp is not installed; run `pip install xllamacpp`"
        if find_gguf(config) is None:
            return no_weights(config.model or DEFAULT_MODEL)
        if config.adapter and not Path(config.adapter).is_file():
            return f"there is no adapter {config.adapter}; give the path of a LoRA adapter in GGUF form"
        return None

    def build(self, config: BackendConfig) -> BaseChatModel:
        """Cheap: the model loads with the first question, or with `engine.start()`."""
        lacking = self.missing(config)
        if lacking:
            raise MissingError(what=self.label, fix=lacking)
        from models.chat.local import LocalChat

        return LocalChat.on(self.engine(config), config)

    def engine(self, config: BackendConfig) -> LocalEngine:
        """The engine that `build` uses, shared by all configurations with the same files. Raises MissingError."""
        path = find_gguf(config)
        if path is None:
            raise MissingError(what=self.label, fix=no_weights(config.model or DEFAULT_MODEL))
        adapters = (Path(config.adapter),) if config.adapter else ()
        return LocalEngine.of(EngineSpec(path, adapters, config.context_tokens, config.threads))


def find_gguf(config: BackendConfig) -> Path | None:
    """The GGUF file that `config.model` names, without asking any network; None where it is not here."""
    name = config.model or DEFAULT_MODEL
    given = Path(name).expanduser()
    if given.suffix == ".gguf":
        return given.resolve() if given.is_file() else None
    from models.fetch import WeightsStore

    found = WeightsStore(config.weights_dir).path(name)
    if found is None or found.is_file():
        return found
    return next(iter(sorted(found.glob("*.gguf"))), None)


def no_weights(model: str) -> str:
    """The sentence for weights that are not here."""
    if model.endswith(".gguf"):
        return f"there is no file {model}; check the path of the model in the settings"
    return f"the weights {model} are not here; run `coursemate models pull {model}`"


BACKEND = LocalBackend()
