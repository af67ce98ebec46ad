"""Starts and stops the process of models/engines/llama_process.py, and knows why it ended."""

from __future__ import annotations

import collections
import contextlib
import json
import logging
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil

from models.errors import MissingError, WeightsError

log = logging.getLogger("models.engines.llama")

PROGRAM = Path(__file__).with_name("llama_process.py")
STOP_S = 5.0
# Ctrl-C in a terminal reaches a whole group; it is ours to handle, and the engine ends when we do.
NEW_GROUP_ON_WINDOWS = 0x00000200
OWN_GROUP: dict[str, Any] = (
    {"creationflags": NEW_GROUP_ON_WINDOWS} if sys.platform == "win32" else {"start_new_session": True}
)
_REASON = re.compile(r"error loading model: (.+)|failed to load (?:model|lora adapter)\b.*?: (.+)|(.*invalid magic.*)")


class EngineProcess:
    """A running engine; the constructor returns when it answers. Raises WeightsError, or MissingError without xllamacpp."""

    def __init__(self, settings: dict[str, Any], model: Path) -> None:
        self._model = model
        self._lines: collections.deque[str] = collections.deque(maxlen=60)
        self._popen = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            **OWN_GROUP,
        )
        self._log_reader = threading.Thread(target=self._read_log, name="coursemate-llama-log", daemon=True)
        self._log_reader.start()
        self.url = self._greet(settings)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._popen.poll() is None

    @property
    def memory_bytes(self) -> int:
        """Resident memory, 0 where it has ended."""
        try:
            return int(psutil.Process(self._popen.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def end(self) -> str | None:
        """Why the process ended, in words; None while it runs."""
        code = self._popen.poll()
        if code is None:
            return None
        if code == -9:
            return "its engine was killed, most likely because memory ran out; choose a smaller model"
        return f"its engine ended with exit code {code} ({self._last_line()})"

    def stop(self) -> None:
        """Ends the process; returns when its memory is free."""
        pipes = (self._popen.stdin, self._popen.stdout)
        for pipe in pipes:
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._log_reader.join(STOP_S)
        if self._popen.stderr is not None:
            self._popen.stderr.close()

    def _greet(self, settings: dict[str, Any]) -> str:
        if self._popen.stdin is None or self._popen.stdout is None:
            raise WeightsError(name=self._model.name, detail="its engine has no pipes")
        try:
            self._popen.stdin.write(json.dumps(settings) + "\n")
            self._popen.stdin.flush()
            answer = json.loads(self._popen.stdout.readline() or "{}")
        except (BrokenPipeError, json.JSONDecodeError):
            answer = {}
        if "url" in answer:
            return str(answer["url"])
        self._popen.wait(STOP_S)
        self._log_reader.join(STOP_S)
        reason = self._reason(answer)
        self.stop()
        if "missing" in answer:
            raise MissingError(what="The local engine", fix=answer["missing"])
        raise WeightsError(name=self._model.name, detail=reason)

    def _reason(self, answer: dict[str, str]) -> str:
        """What llama.cpp said last that explains the failure."""
        for line in reversed(self._lines):
            if found := _REASON.search(line):
                said = next(group for group in found.groups() if group)
                return f"llama.cpp says: {said.strip()}. Fetch the file again, or choose another model"
        return self.end() or answer.get("error", "its engine did not start")

    def _last_line(self) -> str:
        return self._lines[-1] if self._lines else "no message"

    def _read_log(self) -> None:
        for line in self._popen.stderr or ():
            text = line.strip()
            if text:
                self._lines.append(text)
                log.debug("%s", text)
