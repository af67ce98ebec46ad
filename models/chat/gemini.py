"""The chat model of Gemini."""

from __future__ import annotations

import re
from typing import Any

from google.genai import Client
from google.genai.errors import APIError
from google.genai.types import HttpOptions
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_google_genai.chat_models import ChatGoogleGenerativeAIError
from pydantic import SecretStr

from models.backends.base import BackendConfig
from models.chat.connections import clients
from models.chat.failures import Source
from models.chat.reliable import Reliable

UNUSED = SecretStr("unused")
_TAKES_TEMPERATURE = re.compile(r"(models/)?gemini-[12]\b")  # later ones sample as Google set them
ONCE = 1  # tries are ours to count (Reliable); 0 means "five" to the client


class GeminiChat(Reliable, ChatGoogleGenerativeAI):
    """Gemini through the Developer API."""

    @classmethod
    def on(cls, config: BackendConfig, source: Source) -> GeminiChat:
        """A chat model; its requests go through clients of ours, whose timeout is for each wait, not for the whole answer."""
        values: dict[str, Any] = {
            "source": source,
            "tries": config.max_retries + 1,
            "model": source.model,
            "api_key": source.key,
            "max_output_tokens": config.max_tokens,
            "max_retries": ONCE,
            "seed": config.seed,
        }
        if _TAKES_TEMPERATURE.match(source.model):
            values["temperature"] = config.temperature
        chat = cls(**{**values, **thinking(source.model)})
        key = source.key.get_secret_value() if source.key is not None else None
        client, async_client = clients(config.timeout_s)
        options = HttpOptions(base_url=source.url, httpx_client=client, httpx_async_client=async_client)
        chat.client = Client(api_key=key, http_options=options)
        return chat

    @property
    def client_errors(self) -> tuple[type[Exception], ...]:
        return (*super().client_errors, APIError, ChatGoogleGenerativeAIError)


def thinking(model: str) -> dict[str, Any]:
    """The settings that make `model` think as little as it can: answers rest on given passages, and a reader waits."""
    profile: Any = ChatGoogleGenerativeAI(model=model, api_key=UNUSED).profile or {}
    levels = profile.get("reasoning_effort_levels", ())
    if levels:
        return {"reasoning_effort": levels[0]}
    return {"thinking_budget": 0} if model.startswith("gemini-2.5-flash") else {}
