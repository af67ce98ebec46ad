"""A server that speaks the providers' REST formats, as wrongly as a test wants it to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Reply:
    """events: JSON bodies of a server-sent stream. cut: break off after them. hang: never answer. endless: repeat the last."""

    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    cut: bool = False
    hang: bool = False
    endless: bool = False


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader who went away is what some tests are about."""


class Wire:
    """replies: answered in turn, the last one again and again. requests: what came, as (path, headers, body)."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.left = threading.Event()  # a reader went away in mid-answer
        self.closing = threading.Event()
        self._server = QuietServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                wire.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                reply = wire.replies.pop(0) if len(wire.replies) > 1 else wire.replies[0]
                if reply.hang:
                    wire.closing.wait(20)
                    self.close_connection = True
                elif reply.events:
                    self.stream(reply)
                else:
                    self.answer(reply)

            def answer(self, reply: Reply) -> None:
                data = json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(data)

            def stream(self, reply: Reply) -> None:
                self.send_response(reply.status)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    for event in reply.events:
                        self.chunk(event)
                    while reply.endless and not wire.closing.wait(0.02):
                        self.chunk(reply.events[-1])
                except OSError:
                    wire.left.set()
                    self.close_connection = True
                    return
                if reply.cut:
                    self.close_connection = True
                else:
                    self.wfile.write(b"0\r\n\r\n")

            def chunk(self, event: Any) -> None:
                data = f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                self.wfile.flush()

        return Handler


@pytest.fixture
def wire() -> Iterator[Wire]:
    server = Wire()
    yield server
    server.close()


@pytest.fixture
def quick_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries of hundredths of a second."""
    monkeypatch.setattr("models.chat.reliable.FIRST_WAIT_S", 0.01)


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def unused_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
