"""The local backend's chat model, and the compatible one against the same engine, with the real 0.5B."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import Runnable
from pydantic import SecretStr

from models.backends.base import BackendConfig
from models.backends.compatible import BACKEND as COMPATIBLE
from models.backends.local import BACKEND
from models.chat.local import LocalChat
from models.chat.reliable import usage_of
from models.errors import BackendRefusedKey, ContextTooLong
from models.fetch import WeightsStore

pytestmark = pytest.mark.weights
ENDLESS = "1부터 1000까지 쉼표로 이어 모두 써 줘."


@pytest.fixture(scope="module")
def config(weights_dir: Path) -> BackendConfig:
    return BackendConfig(weights_dir=weights_dir, model="qwen2.5-coder-0.5b", context_tokens=1024, max_tokens=8)


@pytest.fixture(scope="module")
def chat(config: BackendConfig) -> Iterator[LocalChat]:
    chat = BACKEND.build(config)
    assert isinstance(chat, LocalChat)
    assert chat.engine.state == "stopped"  # building loads nothing
    yield chat
    chat.engine.close()


def idle_again(chat: LocalChat, limit_s: float = 60.0) -> bool:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if chat.engine.idle():
            return True
        time.sleep(0.02)
    return False


def collect(runnable: Runnable[Any, Any], value: Any) -> Any:
    pieces = list(runnable.stream(value))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    return whole


def test_streams_with_usage_and_timings(chat: LocalChat) -> None:
    answer = collect(chat, [SystemMessage("짧게 답해."), HumanMessage("한국의 수도는?")])
    usage = usage_of(answer)
    timings = answer.response_metadata["timings"]
    assert answer.text
    assert usage.completion_tokens == timings["predicted_n"] <= 8
    assert usage.prompt_tokens == timings["prompt_n"] + timings["cache_n"]


def test_the_same_question_gets_the_same_answer_both_ways(chat: LocalChat) -> None:
    assert chat.invoke("한국의 수도는?").text == asyncio.run(chat.ainvoke("한국의 수도는?")).text


def test_a_grammar_and_a_schema_bind_the_answer(chat: LocalChat) -> None:
    grammar = chat.bind(extra_body={"grammar": 'root ::= "yes" | "no"'})
    assert grammar.invoke("서울은 한국의 수도야?").text in {"yes", "no"}
    schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9}}, "required": ["n"]}
    bound = chat.bind(
        max_tokens=24, response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    )
    assert '"n"' in bound.invoke("3 더하기 4는?").text


def test_what_is_bound_keeps_what_is_always_sent(chat: LocalChat) -> None:
    payload = chat._get_request_payload("안녕", extra_body={"grammar": "x"})
    assert payload["extra_body"] == {"cache_prompt": True, "lora": [], "grammar": "x"}


def test_counts_with_the_engines_tokens(chat: LocalChat) -> None:
    assert chat.get_num_tokens("hello") == 1


def test_closing_the_stream_stops_the_engine(chat: LocalChat) -> None:
    stream = chat.bind(max_tokens=900).stream(ENDLESS)
    assert next(stream)
    assert not chat.engine.idle()
    stream.close()
    assert idle_again(chat)


def test_cancelling_stops_the_engine_even_while_it_reads(chat: LocalChat) -> None:
    async def cancelled(text: str) -> None:
        task = asyncio.create_task(chat.bind(max_tokens=500).ainvoke(text))
        while await asyncio.to_thread(chat.engine.idle):
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled("배치 정규화는 학습을 안정시킨다. " * 20))
    assert idle_again(chat)


def test_a_prompt_that_is_too_long_is_said(chat: LocalChat) -> None:
    with pytest.raises(ContextTooLong, match="fast"):
        chat.invoke("드롭아웃은 과적합을 줄인다. " * 200)


def test_two_at_once_do_not_mix(chat: LocalChat) -> None:
    answers: dict[str, str] = {}

    def ask(word: str) -> None:
        answers[word] = chat.bind(extra_body={"grammar": f'root ::= "{word}"'}).invoke(f"{word}?").text

    askers = [threading.Thread(target=ask, args=(word,)) for word in ("alpha", "beta", "gamma")]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert answers == {word: word for word in ("alpha", "beta", "gamma")}


def test_compatible_speaks_to_a_real_server(chat: LocalChat) -> None:
    url, headers = chat.engine.address()
    key = SecretStr(headers["Authorization"].removeprefix("Bearer "))
    values = {"weights_dir": Path("none"), "base_url": str(url.join("/v1")), "model": "qwen", "max_tokens": 4}
    answer = collect(COMPATIBLE.build(BackendConfig(**values, api_key=key)), "한국의 수도는?")
    assert answer.text
    assert usage_of(answer).completion_tokens == 4
    with pytest.raises(BackendRefusedKey, match="COMPATIBLE_API_KEY"):
        COMPATIBLE.build(BackendConfig(**values, api_key=SecretStr("wrong"))).invoke("안녕")


def test_an_adapter_weighs_what_the_request_says(weights_dir: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "tuned.gguf")
    model = WeightsStore(weights_dir).resolve("qwen2.5-coder-0.5b")
    base = {"weights_dir": weights_dir, "model": str(model), "adapter": str(adapter), "context_tokens": 512}
    chats = [BACKEND.build(BackendConfig(**base, max_tokens=8, adapter_scale=scale)) for scale in (0.0, 8.0, 0.0)]
    assert chats[0].engine is chats[1].engine
    try:
        plain, tuned, again = (chat.invoke("한국의 수도는?").text for chat in chats)
    finally:
        chats[0].engine.close()
    assert plain == again != tuned


def test_one_loaded_model_answers_with_and_without_adapters(weights_dir: Path, tmp_path: Path) -> None:
    """What one has read is of no use to another, and must not reach it through llama.cpp's memory of prompts either."""
    names = (str(write_adapter(tmp_path / "one.gguf")), str(write_adapter(tmp_path / "two.gguf", seed=1)))
    base = {"weights_dir": weights_dir, "model": "qwen2.5-coder-0.5b", "context_tokens": 512, "max_tokens": 8}
    chats = [
        BACKEND.build(BackendConfig(**base, adapters=names, adapter=adapter, adapter_scale=8.0))
        for adapter in ("", *names)
    ]
    assert len({id(chat.engine) for chat in chats}) == 1
    asked = ("한국의 수도는?", "드롭아웃은 왜 쓰나요?")
    try:
        first = [[chat.invoke(question).text for chat in chats] for question in asked]
        again = [[collect(chat, question) for chat in reversed(chats)][::-1] for question in asked]
    finally:
        chats[0].engine.close()
    assert [[answer.text for answer in row] for row in again] == first
    assert all(len(set(row)) == 3 for row in first)
    assert all(answer.response_metadata["timings"]["cache_n"] > 10 for answer in again[1]), (
        "each keeps what it has read"
    )
    alone = BACKEND.build(BackendConfig(**base))
    try:
        assert [alone.invoke(question).text for question in asked] == [row[0] for row in first]
    finally:
        alone.engine.close()


def test_a_retired_engine_ends_after_its_last_answer(weights_dir: Path) -> None:
    chat = BACKEND.build(
        BackendConfig(weights_dir=weights_dir, model="qwen2.5-coder-0.5b", context_tokens=640, max_tokens=8)
    )
    pieces = chat.stream("한국의 수도는?")
    next(pieces)
    chat.engine.retire()
    assert chat.engine.state == "ready"
    assert "".join(piece.text for piece in pieces)
    end = time.monotonic() + 30
    while chat.engine.state != "stopped" and time.monotonic() < end:
        time.sleep(0.02)
    assert chat.engine.state == "stopped"


def write_adapter(path: Path, seed: int = 0) -> Path:
    """A LoRA of random numbers on one projection of Qwen2.5-0.5B: (rank, 896) and (896, rank)."""
    gguf: Any = pytest.importorskip("gguf")
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), "qwen2")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 8.0)
    for name, shape in (("lora_a", (8, 896)), ("lora_b", (896, 8))):
        writer.add_tensor(f"blk.0.attn_q.weight.{name}", rng.normal(size=shape).astype(np.float32))
        writer.add_tensor(f"blk.0.attn_output.weight.{name}", rng.normal(size=shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
