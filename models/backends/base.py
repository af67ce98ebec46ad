"""What a backend is: a way to get a LangChain chat model, and the truth about what it lacks on this machine.

A new backend is one file in this folder that exports BACKEND. The rest of the system only sees BaseChatModel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class BackendConfig:
    """Everything a backend may need; the app fills it from the settings, a backend reads only what it uses.

    model: name at the provider, catalogue name, hub id, or path of a GGUF file; "" means the backend's default.
    weights_dir: folder with the fetched weights. adapter: name or path of a LoRA adapter, "" for none.
    adapters: all that one loaded model shall be able to answer with, where the backend can (local).
    timeout_s: for the first and between two tokens. max_tokens: of the answer. context_tokens: of the local engine.
    """

    weights_dir: Path
    model: str = ""
    api_key: SecretStr | None = None
    base_url: str = ""
    adapter: str = ""
    adapters: tuple[str, ...] = ()
    adapter_scale: float = 1.0
    temperature: float = 0.0
    max_tokens: int = 512
    context_tokens: int = 4096
    threads: int = 0
    timeout_s: float = 60.0
    max_retries: int = 3
    seed: int = 0
    options: Mapping[str, str] = field(default_factory=dict)


class Backend(Protocol):
    """One provider of chat models. Instances are cheap; `build` may load weights and is called off the page's thread."""

    name: str
    label: str
    label_ko: str
    key_variable: str | None
    default_model: str

    def missing(self, config: BackendConfig) -> str | None:
        """None if `build` can work now, else one English sentence: what is missing and the command that supplies it."""

    def build(self, config: BackendConfig) -> BaseChatModel:
        """A streaming chat model. Raises MissingError, WeightsError or BackendError."""
