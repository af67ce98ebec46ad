"""Runs a LangChain runnable's asynchronous stream from synchronous code so that it can be stopped at any moment.

A synchronous stream only notices a stop when its next token arrives, which may be ten seconds away while a prompt is
read. Here the stream runs as a task on one background event loop; stopping cancels the task, which closes the
connection, which makes the engine behind it stop.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from models.errors import BackendTimeout

_END = object()


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """first_s: longest wait for the first piece; between_s: for each later one. Seconds."""

    first_s: float = 120.0
    between_s: float = 60.0


@dataclass(slots=True)
class _Pump:
    runnable: Runnable[Any, Any]
    value: Any
    config: RunnableConfig
    limits: StreamLimits
    backend: str
    pieces: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)
    stopped: bool = False
    """Set before the task is cancelled: a client that waits with wait_for loses a cancellation that comes together with a piece."""

    async def run(self) -> None:
        stream: AsyncIterator[Any] = self.runnable.astream(self.value, self.config)
        wait_s = self.limits.first_s
        try:
            while not self.stopped:
                try:
                    async with asyncio.timeout(wait_s):
                        piece = await anext(stream)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise BackendTimeout(backend=self.backend, timeout_s=wait_s) from error
                self.pieces.put(piece)
                wait_s = self.limits.between_s
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
            self.pieces.put(_END)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="coursemate-streams", daemon=True).start()
    return loop


def stream(
    runnable: Runnable[Any, Any],
    value: Any,
    config: RunnableConfig,
    *,
    backend: str,
    cancel: threading.Event | None = None,
    limits: StreamLimits | None = None,
) -> Iterator[Any]:
    """Pieces of `runnable.astream(value)` as they come; ends early, without an error, once `cancel` is set.

    Closing the iterator stops the stream too. Raises BackendTimeout, and whatever the runnable raises.
    """
    pump = _Pump(runnable, value, config, limits or StreamLimits(), backend)
    task: Future[None] = asyncio.run_coroutine_threadsafe(pump.run(), _loop())
    try:
        while cancel is None or not cancel.is_set():
            try:
                piece = pump.pieces.get(timeout=0.05)
            except queue.Empty:
                continue
            if piece is _END:
                task.result()
                return
            yield piece
    finally:
        pump.stopped = True
        task.cancel()
