"""Answers on this machine through llama.cpp: no key, no network. One engine serves all chat models of one GGUF file.

    model = BACKEND.build(BackendConfig(weights_dir=…, model="qwen2.5-coder-0.5b"))
    for piece in model.stream("드롭아웃은 왜 쓰나요?"): ...

`config.model` is what WeightsStore.resolve takes: a catalogue name, a hub id that was pulled, the path of a GGUF file.
`config.adapter` is the path of a LoRA adapter in GGUF form, weighed by `config.adapter_scale`; chat models with the same
`config.adapters` share one loaded model, with and without an adapter. Extra request fields of
llama.cpp go through `bind`:
`model.bind(extra_body={"grammar": …})`, `model.bind(response_format={"type": "json_schema", …})`.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from models.adapters import check_fit
from models.backends.base import BackendConfig
from models.engines.llama import EngineSpec, LocalEngine
from models.errors import CourseMateError, MissingError
from models.fetch import WeightsStore


class LocalBackend:
    """See the module."""

    name = "local"
    label = "This computer (llama.cpp)"
    label_ko = "이 컴퓨터 (llama.cpp)"
    key_variable = None
    default_model = "qwen2.5-coder-1.5b"

    def missing(self, config: BackendConfig) -> str | None:
        if importlib.util.find_spec("xllamacpp") is None:
            return "the package xllamacpp is not installed; run `pip install xllamacpp`"
        try:
            self._gguf(config)
        except CourseMateError as error:
            return str(error)
        if config.adapter and not Path(config.adapter).is_file():
            return f"there is no adapter {config.adapter}; give the path of a LoRA adapter in GGUF form"
        return None

    def build(self, config: BackendConfig) -> BaseChatModel:
        """Cheap: the model loads with the first question, or with `engine.start()`.

        Raises MissingError, or InputError for an adapter that is none or was made for another model: llama.cpp would not start.
        """
        lacking = self.missing(config)
        if lacking:
            raise MissingError(what=self.label, fix=lacking)
        for adapter in self._adapters(config):
            check_fit(self._gguf(config), adapter)
        from models.chat.local import LocalChat

        return LocalChat.on(self.engine(config), config)

    def engine(self, config: BackendConfig) -> LocalEngine:
        """The engine that `build` uses, shared by all configurations with the same files. Raises MissingError or InputError."""
        model, adapters = self._gguf(config), self._adapters(config)
        return LocalEngine.of(EngineSpec(model, adapters, config.context_tokens, config.threads))

    def _adapters(self, config: BackendConfig) -> tuple[Path, ...]:
        names = [*config.adapters, *([config.adapter] if config.adapter else [])]
        return tuple(dict.fromkeys(Path(name).resolve() for name in names))

    def _gguf(self, config: BackendConfig) -> Path:
        return WeightsStore(config.weights_dir).resolve(config.model or self.default_model).resolve()


BACKEND = LocalBackend()
