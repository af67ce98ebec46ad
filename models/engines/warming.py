"""Reads a prompt into llama.cpp's cache before its question is known, and lets go at once when something real comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx

POLL_S = 0.02
READ_S = 600.0  # nobody waits for it


async def read_ahead(
    url: httpx.URL, headers: Mapping[str, str], request: Mapping[str, Any], overtaken: Callable[[], bool]
) -> Mapping[str, Any] | None:
    """llama.cpp's timings once the `messages` of a request are read; None where it was overtaken. Raises httpx.HTTPError."""
    body = {**request, "max_tokens": 1, "cache_prompt": True, "temperature": 0}
    async with httpx.AsyncClient(headers=headers, timeout=READ_S, trust_env=False) as client:
        reading = asyncio.create_task(client.post(url.join("/v1/chat/completions"), json=body))
        while not reading.done():
            if overtaken():
                reading.cancel()
            await asyncio.wait({reading}, timeout=POLL_S)
    if reading.cancelled():
        return None
    timings: Mapping[str, Any] = reading.result().raise_for_status().json().get("timings", {})
    return timings
