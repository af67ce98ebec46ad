"""A stream can be stopped while it is silent, and the source behind it learns of it."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langchain_core.runnables import RunnableGenerator

from chains.streaming import StreamLimits, stream
from models.errors import BackendTimeout


class Source:
    """Sends `pieces`, then waits `silence_s`; notes whether it was closed."""

    def __init__(self, pieces: int, silence_s: float = 0.0) -> None:
        self.pieces, self.silence_s, self.closed = pieces, silence_s, threading.Event()

    def runnable(self) -> RunnableGenerator[Any, Any]:
        async def send(_: AsyncIterator[Any]) -> AsyncIterator[str]:
            try:
                for n in range(self.pieces):
                    yield f"{n} "
                await asyncio.sleep(self.silence_s)
            finally:
                self.closed.set()

        return RunnableGenerator(send)


def test_everything_arrives_in_order() -> None:
    assert list(stream(Source(3).runnable(), "", {}, backend="t")) == ["0 ", "1 ", "2 "]


def test_stop_while_the_source_is_silent() -> None:
    source, cancel = Source(1, silence_s=60), threading.Event()
    pieces = stream(source.runnable(), "", {}, backend="t", cancel=cancel)
    assert next(pieces) == "0 "
    threading.Timer(0.1, cancel.set).start()
    started = time.monotonic()
    assert list(pieces) == []
    assert source.closed.wait(5)
    assert time.monotonic() - started < 30


def test_closing_the_iterator_stops_the_source() -> None:
    source = Source(1, silence_s=60)
    pieces = stream(source.runnable(), "", {}, backend="t")
    next(pieces)
    pieces.close()
    assert source.closed.wait(5)


def test_a_silent_source_times_out_by_name() -> None:
    with pytest.raises(BackendTimeout, match=r"slowpoke gave no answer within 0\.1 s"):
        list(stream(Source(0, 60).runnable(), "", {}, backend="slowpoke", limits=StreamLimits(0.1, 0.1)))


def test_the_source_s_own_error_comes_through() -> None:
    async def broken(_: AsyncIterator[Any]) -> AsyncIterator[str]:
        yield "a"
        raise ValueError("no more")

    pieces = stream(RunnableGenerator(broken), "", {}, backend="t")
    assert next(pieces) == "a"
    with pytest.raises(ValueError, match="no more"):
        next(pieces)


def test_a_stop_that_comes_together_with_a_piece_is_not_lost() -> None:
    """asyncio.wait_for of Python 3.11 loses such a cancellation about once in forty times."""
    for _ in range(150):
        closed, go = threading.Event(), threading.Event()

        async def send(_: AsyncIterator[Any], closed: threading.Event = closed, go: threading.Event = go) -> Any:
            try:
                yield "a"
                while not go.is_set():
                    await asyncio.sleep(0)
                yield "b"
                await asyncio.sleep(60)
            finally:
                closed.set()

        pieces = stream(RunnableGenerator(send), "", {}, backend="t")
        assert next(pieces) == "a"
        go.set()
        pieces.close()
        assert closed.wait(5)


def test_a_source_that_loses_the_stop_is_closed_at_its_next_piece() -> None:
    """As langchain-openai does, which waits for each piece with wait_for."""
    closed = threading.Event()

    async def send(_: AsyncIterator[Any]) -> AsyncIterator[str]:
        try:
            while True:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.01)
                yield "a"
        finally:
            closed.set()

    pieces = stream(RunnableGenerator(send), "", {}, backend="t")
    assert next(pieces) == "a"
    pieces.close()
    assert closed.wait(5)
