"""Turns what a provider's client raises into our errors, and says whether and when another try makes sense.

Providers differ in their classes but agree on HTTP status codes, so the table goes by status; where there is none (nothing
answered, the connection broke) it goes by kind. No message of ours ever holds a key, whatever a server echoes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time

from langchain_core.exceptions import ContextOverflowError
from pydantic import SecretStr

from models.errors import (
    BackendError,
    BackendRefusedKey,
    BackendTimeout,
    BackendUnreachable,
    ContextTooLong,
    CourseMateError,
    RateLimited,
    SafetyBlocked,
)

LONGEST_WAIT_S = 60.0
DETAIL_CHARACTERS = 200

_TOO_LONG = re.compile(r"context[_ ](size|length|window)|maximum context|number of tokens allowed|too long", re.I)
_UNSAFE = re.compile(r"content[_ ]?(filter|policy|management)|safety", re.I)
_BAD_KEY = re.compile(r"api[_ ]key[_ ](not[_ ]valid|invalid)|api key expired", re.I)
_NO_QUOTA = re.compile(r"insufficient_quota|billing", re.I)


@dataclass(frozen=True, slots=True)
class Source:
    """Who failed, for the message: the backend's name, its address, and where its key comes from."""

    backend: str
    url: str
    model: str
    key_variable: str | None
    key: SecretStr | None
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Failure:
    """error: what to raise. retry: whether the same request may succeed; after_s: when the server says so, else None."""

    error: CourseMateError
    retry: bool = False
    after_s: float | None = None


def failure(error: BaseException, source: Source) -> Failure:
    """What `error` means to a person, and to the retry."""
    chain = tuple(_chain(error))
    ours = next((link for link in chain if isinstance(link, CourseMateError)), None)
    if ours is not None:
        return Failure(ours)
    detail = _detail(chain, source)
    if isinstance(error, ContextOverflowError):
        return Failure(ContextTooLong(backend=source.backend, detail=detail))
    status = next((code for link in chain if (code := _status(link)) is not None), None)
    if status is None:
        return _without_answer(chain, source, detail)
    return _by_status(status, chain, source, detail)


def _by_status(status: int, chain: tuple[BaseException, ...], source: Source, detail: str) -> Failure:
    backend, after_s = source.backend, _retry_after(chain)
    said_in_full = " ".join(f"{link} {getattr(link, 'body', '')}" for link in chain)
    if status in {401, 403} or _BAD_KEY.search(said_in_full):
        return Failure(BackendRefusedKey(backend=backend, variable=source.key_variable or "its key"))
    if status == 429:
        waitable = not _NO_QUOTA.search(said_in_full) and (after_s is None or after_s <= LONGEST_WAIT_S)
        said = f"HTTP 429, {detail}" + (f"; it asks to wait {after_s:.0f} s" if after_s else "")
        return Failure(RateLimited(backend=backend, detail=said), retry=waitable, after_s=after_s)
    if status in {408, 409} or status >= 500:
        said = f"its server answered HTTP {status}, {detail}"
        return Failure(BackendError(backend=backend, detail=said), retry=True, after_s=after_s)
    if status == 404:
        return Failure(
            BackendError(backend=backend, detail=f"it has no model {source.model!r} at {source.url} ({detail})")
        )
    if _TOO_LONG.search(said_in_full):
        return Failure(ContextTooLong(backend=backend, detail=detail))
    if _UNSAFE.search(said_in_full):
        return Failure(SafetyBlocked(backend=backend, detail=detail))
    return Failure(BackendError(backend=backend, detail=f"it refused the request with HTTP {status}, {detail}"))


def _without_answer(chain: tuple[BaseException, ...], source: Source, detail: str) -> Failure:
    connecting = _is_any(chain, "ConnectError", "ConnectTimeout")
    late = _is_any(chain, "TimeoutError", "TimeoutException", "ModelTimeoutError")
    if late and not connecting:
        return Failure(BackendTimeout(backend=source.backend, timeout_s=source.timeout_s))
    if connecting or _is_any(chain, "TransportError", "ModelConnectionError", "OSError"):
        return Failure(BackendUnreachable(backend=source.backend, url=source.url, detail=detail), retry=True)
    return Failure(BackendError(backend=source.backend, detail=detail))


def _is_any(chain: tuple[BaseException, ...], *names: str) -> bool:
    """By class name, own or inherited: clients use httpx or its successor httpx2, whose classes are called the same."""
    return any(kind.__name__ in names for link in chain for kind in type(link).__mro__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, then its causes: clients wrap the interesting one."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__


def _status(error: BaseException) -> int | None:
    """openai says `status_code`, google-genai `code`; other clients' `code` may be a word."""
    for name in ("status_code", "code"):
        value = getattr(error, name, None)
        if isinstance(value, int) and 400 <= value < 600:
            return value
    return None


def _retry_after(chain: tuple[BaseException, ...]) -> float | None:
    """Seconds to wait: the Retry-After header (seconds or a date), or Google's `retryDelay` in the body."""
    for link in chain:
        headers = getattr(getattr(link, "response", None), "headers", None) or {}
        given = headers.get("retry-after") or headers.get("Retry-After")
        if given and (seconds := _seconds(given)) is not None:
            return seconds
    delay = re.search(r"['\"]retryDelay['\"]: ['\"]([\d.]+)s", str(chain[-1]))
    return float(delay[1]) if delay else None


def _seconds(value: str) -> float | None:
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except ValueError:
        return None


def _detail(chain: tuple[BaseException, ...], source: Source) -> str:
    """The innermost message that says something, on one short line, without the key."""
    texts = [str(getattr(link, "message", None) or link) for link in reversed(chain)]
    text = " ".join(next((text for text in texts if text.strip()), type(chain[0]).__name__).split())
    if source.key is not None and source.key.get_secret_value():
        text = text.replace(source.key.get_secret_value(), "***")
    text = re.sub(r"^Error code: \d+ - ", "", text)
    text = re.sub(r"(?i)\b(sk-|AIza)[\w*-]{4,}", "***", text).rstrip(".")
    return text if len(text) <= DETAIL_CHARACTERS else text[: DETAIL_CHARACTERS - 1] + "…"
