"""The chat models of OpenAI itself and of every server that speaks its language."""

from __future__ import annotations

from typing import Any

import openai
from langchain_openai import ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI

from models.backends.base import BackendConfig
from models.chat.connections import clients
from models.chat.failures import Source
from models.chat.reliable import Reliable


class OpenAIChat(Reliable, ChatOpenAI):
    """OpenAI's own service."""

    @property
    def client_errors(self) -> tuple[type[Exception], ...]:
        return (*super().client_errors, openai.OpenAIError)


class CompatibleChat(Reliable, BaseChatOpenAI):
    """A server in OpenAI's style: says `max_tokens`, which all of them know, where OpenAI wants `max_completion_tokens`."""

    @property
    def client_errors(self) -> tuple[type[Exception], ...]:
        return (*super().client_errors, openai.OpenAIError)


def arguments(config: BackendConfig, source: Source) -> dict[str, Any]:
    """What all three kinds are built with. Tries are ours to count (Reliable), not the client's."""
    client, async_client = clients(config.timeout_s)
    return {
        "source": source,
        "tries": config.max_retries + 1,
        "model": source.model,
        "base_url": source.url,
        "api_key": source.key,
        "temperature": config.temperature,
        "max_tokens": config.max_tokens,
        "timeout": client.timeout,
        "http_client": client,
        "http_async_client": async_client,
        "stream_chunk_timeout": config.timeout_s,
        "stream_usage": True,
        "max_retries": 0,
    }


def fitting(values: dict[str, Any]) -> dict[str, Any]:
    """`values` without what OpenAI's model refuses, and with as little thinking as it can do."""
    profile: Any = (
        ChatOpenAI(**{key: values[key] for key in ("model", "api_key", "http_client", "http_async_client")}).profile
        or {}
    )
    kept = {key: value for key, value in values.items() if key != "temperature" or profile.get("temperature", True)}
    for effort in ("none", "minimal", "low"):
        if effort in profile.get("reasoning_effort_levels", ()):
            return {**kept, "reasoning_effort": effort}
    return kept
