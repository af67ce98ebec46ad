"""A local server that speaks the embedding formats of OpenAI and Gemini; its vectors are the fake embedder's, times three."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from models.embedders.fake import FakeEmbedder


class EmbeddingServer(ThreadingHTTPServer):
    """`refusals`: statuses, with headers, that the next requests get; `requests`: path, headers, body as they came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusals: list[tuple[int, dict[str, str]]] = []
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: EmbeddingServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        if self.server.refusals:
            status, headers = self.server.refusals.pop(0)
            self._answer(status, {"error": {"code": status, "message": "refused", "status": "REFUSED"}}, headers)
        elif self.path.endswith("/embeddings"):
            rows = enumerate(_vectors(body["input"]))
            data = [{"object": "embedding", "index": i, "embedding": row} for i, row in rows]
            usage = {"prompt_tokens": 1, "total_tokens": 1}
            self._answer(200, {"object": "list", "data": data, "model": body["model"], "usage": usage})
        else:
            texts = [request["content"]["parts"][0]["text"] for request in body["requests"]]
            self._answer(200, {"embeddings": [{"values": row} for row in _vectors(texts)]})

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(raw)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def _vectors(texts: list[str] | str) -> list[list[float]]:
    texts = [texts] if isinstance(texts, str) else texts
    assert all(texts), "providers refuse empty texts"
    return (FakeEmbedder().embed_passages(texts) * 3).tolist()


@pytest.fixture
def embedding_server() -> Iterator[EmbeddingServer]:
    server = EmbeddingServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
