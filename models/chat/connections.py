"""The HTTP clients under the remote chat models."""

from __future__ import annotations

import httpx

CONNECT_S = 5.0

# A connection belongs to the event loop that opened it, and callers come from several loops. Kept ones would end after five
# idle seconds anyway, sooner than a reader asks his next question.
_KEEP_NONE = httpx.Limits(max_keepalive_connections=0)


def clients(timeout_s: float) -> tuple[httpx.Client, httpx.AsyncClient]:
    """Clients that wait `timeout_s` for each piece of an answer, not for the whole, and at most five seconds to connect.

    The timeout is set on the request itself, because google-genai asks for requests that have none.
    """
    timeout = httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))

    def limit(request: httpx.Request) -> None:
        request.extensions["timeout"] = timeout.as_dict()

    async def limit_async(request: httpx.Request) -> None:
        limit(request)

    return (
        httpx.Client(timeout=timeout, limits=_KEEP_NONE, event_hooks={"request": [limit]}),
        httpx.AsyncClient(timeout=timeout, limits=_KEEP_NONE, event_hooks={"request": [limit_async]}),
    )
