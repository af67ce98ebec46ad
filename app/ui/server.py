"""The web server that answers before the page exists: it binds at once and shows a waiting page while Gradio is imported.

It is also the door: every request passes here first, and so does every answer. Wrong Host headers (DNS rebinding), requests
without the password and Gradio's proxies to other servers are turned away; answers carry a policy that lets the browser
load nothing from elsewhere, whatever a document or a model may write.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import AsyncExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

from models.errors import InputError

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
REFUSED = ("/gradio_api/proxy=", "/gradio_api/file=http:", "/gradio_api/file=https:")
SHUTDOWN_S = 2
LAST_PORT = 65_535


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises InputError where the address is taken, not ours or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        if not 0 <= port <= LAST_PORT:
            raise OSError(f"ports go from 0 to {LAST_PORT}")
        listener = socket.create_server((host.strip("[]"), port), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        detail = f"http://{host}:{port} cannot be opened ({reason}); choose another with --port or --host."
        raise InputError(detail=detail, text_key="server.taken", host=host, port=port, reason=reason) from error
    listener.setblocking(False)
    return listener


class Door:
    """The ASGI application. build: makes the real one; runs in a thread once the socket accepts.

    users: name -> password; empty lets everyone in, which only loopback does. hosts: Host headers to answer, empty for any.
    """

    def __init__(self, build: Callable[[], Any], users: Mapping[str, str], hosts: frozenset[str] = frozenset()) -> None:
        self._build, self._users, self._hosts = build, dict(users), hosts
        self._inner: Asgi | None = None
        self._failure: str | None = None
        self._stack = AsyncExitStack()
        self._building: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End what would go on for ever: a page listens for as long as it is open, and an end would wait for it."""
        self._closing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, self._until_closing(receive), _with_headers(send))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._building = asyncio.create_task(self._open())
        self._building.add_done_callback(self._opened)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._building.cancel()
        await self._stack.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _open(self) -> None:
        inner = await asyncio.to_thread(_in_a_loop, self._build)
        await self._stack.enter_async_context(inner.router.lifespan_context(inner))
        self._inner = inner

    def _opened(self, building: asyncio.Task[None]) -> None:
        """Someone is waiting in front of the page: where it cannot be built, they are told."""
        error = None if building.cancelled() else building.exception()
        if error is not None:
            log.error("the page could not be built", exc_info=error)
            self._failure = f"{type(error).__name__}: {error}"

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if self._hosts and _host_of(headers) not in self._hosts:
            await _answer(send, 421, "This address is not served here.")
        elif self._users and not self._knows(headers):
            challenge = (b"www-authenticate", b'Basic realm="CourseMate", charset="UTF-8"')
            await _answer(send, 401, "Sign in.", challenge)
        elif any(part in scope["path"] for part in REFUSED):
            await _answer(send, 403, "CourseMate fetches nothing for the page from elsewhere.")
        elif self._inner is not None:
            await self._inner(scope, receive, send)
        elif self._failure:
            await _answer(send, 500, f"The page could not be built: {self._failure}")
        elif scope["path"].endswith("/"):
            await _answer(send, 200, self._waiting_page, kind="text/html")
        else:
            await _answer(send, 503, "Starting.", (b"retry-after", b"1"))

    def _until_closing(self, receive: Receive) -> Receive:
        async def receiving() -> Any:
            waiting = {asyncio.ensure_future(receive()), asyncio.ensure_future(self._closing.wait())}
            try:
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                messages = [message for task in done if (message := task.result()) is not True]
            finally:
                for task in waiting:
                    task.cancel()
            return messages[0] if messages else {"type": "http.disconnect"}

        return receiving

    def _knows(self, headers: Mapping[bytes, bytes]) -> bool:
        user, password = credentials(headers.get(b"authorization", b"").decode("latin-1"))
        expected = self._users.get(user, "")
        return hmac.compare_digest(password.encode(), expected.encode()) and user in self._users

    @cached_property
    def _waiting_page(self) -> str:
        return (Path(__file__).parent / "static" / "waiting.html").read_text(encoding="utf-8")


def _in_a_loop(build: Callable[[], Any]) -> Any:
    """Build inside a running event loop: where there is none, Gradio makes several and leaves them open."""

    async def running() -> Any:
        return build()

    return asyncio.run(running())


def credentials(header: str) -> tuple[str, str]:
    """User and password of a Basic `Authorization` header; ("", "") where it holds none."""
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _host_of(headers: Mapping[bytes, bytes]) -> str:
    """The Host header without its port, lower case."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    return host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", ()))
            set_already = {name.lower() for name, _ in own}  # a report brings a stricter policy than the page's
            message["headers"] = own + [header for header in HEADERS if header[0] not in set_already]
        await send(message)

    return sending


async def _answer(send: Send, status: int, text: str, *extra: tuple[bytes, bytes], kind: str = "text/plain") -> None:
    headers = [(b"content-type", f"{kind}; charset=utf-8".encode()), (b"cache-control", b"no-store"), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def web_server(door: Door) -> Any:
    """A uvicorn.Server that answers through `door`; `run(sockets=[listener])` blocks until SIGINT, SIGTERM or should_exit."""
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            door.close()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        door,
        log_level="warning",
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=SHUTDOWN_S,
        server_header=False,
    )
    return Server(config)
