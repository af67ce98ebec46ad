"""Contenders side by side: on one evidence, without waiting for each other, none corrupted by another."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

from chains.compare import SHARED, Comparison, Contender, Heard
from chains.manner import Manner
from chains.pack import estimate_tokens
from chains.rag import AskOptions, RagEngine
from chains.retrieve import CourseRetriever
from chains.templates import find
from models.backends.base import BackendConfig
from models.backends.compatible import BACKEND as COMPATIBLE
from models.backends.fake import BACKEND as FAKE
from models.backends.local import BACKEND as LOCAL
from models.errors import BackendUnreachable, InputError
from models.types import Answer, Done, Sources, Token, Usage

QUESTION = "드롭아웃은 특정 뉴런끼리 지나치게 의존하는 것을 어떻게 막나요?"
PIECE = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":%s}]}\n\n'


class Trickle(ThreadingHTTPServer):
    """An OpenAI-style server that sends one word, and the rest only when `go` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        self.go, self.asked, self.left = threading.Event(), threading.Event(), threading.Event()
        super().__init__(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader who went away is what one test is about."""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                pass

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                try:
                    self.piece("드롭아웃은 ", b"null")
                    server.asked.set()
                    while not server.go.wait(0.02):
                        self.wfile.write(b": still here\n\n")
                        self.wfile.flush()
                    self.piece("뉴런을 무작위로 끕니다.", b'"stop"')
                    self.wfile.write(b"data: [DONE]\n\n")
                except OSError:
                    server.left.set()

            def piece(self, text: str, reason: bytes) -> None:
                self.wfile.write(PIECE % (text.encode(), reason))
                self.wfile.flush()

        return Handler


@pytest.fixture
def trickle() -> Iterator[Trickle]:
    server = Trickle()
    yield server
    server.go.set()
    server.shutdown()
    server.server_close()


class Bench:
    """chains.rag.Models over given chat models; `rates` are those that read here."""

    def __init__(self, rates: dict[str, float], **chats: BaseChatModel) -> None:
        self.rates, self.chats = rates, chats
        self.adapters: list[tuple[str, str | None]] = []

    def names(self) -> list[str]:
        return list(self.chats)

    def model(self, backend: str, adapter: str | None = None) -> BaseChatModel:
        self.adapters.append((backend, adapter))
        return self.chats[backend]

    def manner(self, backend: str, adapter: str | None = None) -> Manner:
        return Manner(adapter=adapter or "")

    def hold(self, backend: str, adapters: list[str]) -> None:
        self.held = (backend, adapters)

    def model_name(self, backend: str) -> str:
        return backend

    def reading_rate(self, backend: str) -> float | None:
        return self.rates.get(backend)

    def warm(self, *args: Any) -> None:
        pass

    def cost_usd(self, backend: str, usage: Usage) -> float | None:
        return 0.0


def fake(folder: Path, **options: str) -> BaseChatModel:
    return FAKE.build(BackendConfig(weights_dir=folder, options=options))


def compatible(folder: Path, url: str) -> BaseChatModel:
    return COMPATIBLE.build(BackendConfig(weights_dir=folder, base_url=url, model="m", max_retries=0))


def answers(heard: list[Heard]) -> dict[int, Answer]:
    return {h.contender: h.event.answer for h in heard if isinstance(h.event, Done)}


def kind(heard: Heard) -> str:
    return type(heard.event or heard.error).__name__


def test_all_share_one_evidence_and_each_ends_once(retriever: CourseRetriever, tmp_path: Path) -> None:
    models = Bench({}, fake=fake(tmp_path), other=fake(tmp_path))
    both = Comparison(RagEngine(retriever, models), [Contender("fake"), Contender("other", "zero_shot", adapter="a")])
    heard = list(both.stream(QUESTION))
    assert isinstance(heard[0].event, Sources)
    assert [h.contender for h in heard].count(SHARED) == 1
    done = answers(heard)
    assert {i: (a.backend, a.prompt, a.adapter) for i, a in done.items()} == {
        0: ("fake", "few_shot", ""),
        1: ("other", "zero_shot", "a"),
    }
    assert all({"retrieve", "first_token", "total"} == set(a.timings_ms) for a in done.values())
    assert all(a.citations and a.tokens_per_s and a.usage.prompt_tokens for a in done.values())
    assert "".join(h.event.text for h in heard if h.contender == 0 and isinstance(h.event, Token)) == done[0].draft
    assert set(models.adapters) == {("fake", ""), ("other", "a")}
    assert models.held == ("other", ["a"])


def test_the_evidence_suits_the_smallest_contender(retriever: CourseRetriever, tmp_path: Path) -> None:
    models = Bench({"small": 75.0}, large=fake(tmp_path), small=fake(tmp_path))
    engine = RagEngine(retriever, models)
    shown = Comparison(engine, [Contender("large"), Contender("small")]).prepare(QUESTION).passages
    alone = engine.prepare(QUESTION, options=AskOptions(backend="small")).passages
    more = engine.prepare(QUESTION, options=AskOptions(backend="large")).passages
    assert shown == alone
    assert sum(estimate_tokens(p.text) for p in shown) < sum(estimate_tokens(p.text) for p in more)


def test_a_slow_server_does_not_delay_a_fast_one(retriever: CourseRetriever, tmp_path: Path, trickle: Trickle) -> None:
    models = Bench({}, slow=compatible(tmp_path, trickle.url), fast=fake(tmp_path))
    heard: list[Heard] = []
    for one in Comparison(RagEngine(retriever, models), [Contender("slow"), Contender("fast")]).stream(QUESTION):
        heard.append(one)
        if one.contender == 1 and isinstance(one.event, Done):
            trickle.go.set()  # the slow one may go on only now: were the fast one held up, nothing would ever end
    assert [h.contender for h in heard if isinstance(h.event, Done)] == [1, 0]
    assert answers(heard)[0].draft == "드롭아웃은 뉴런을 무작위로 끕니다."


def test_a_failing_one_names_its_error_and_the_other_goes_on(retriever: CourseRetriever, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    models = Bench({}, dead=compatible(tmp_path, f"http://127.0.0.1:{closed}/v1"), fast=fake(tmp_path))
    heard = list(Comparison(RagEngine(retriever, models), [Contender("dead"), Contender("fast")]).stream(QUESTION))
    (failed,) = [h for h in heard if h.error]
    assert failed.contender == 0
    assert isinstance(failed.error, BackendUnreachable)
    assert str(closed) in str(failed.error)
    assert not answers(heard)[1].refused


def test_a_fault_of_ours_is_raised_after_the_others_are_done(retriever: CourseRetriever, tmp_path: Path) -> None:
    models = Bench({}, fast=fake(tmp_path), other=fake(tmp_path))
    models.chats.pop("other")
    heard: list[Heard] = []
    with pytest.raises(KeyError):
        heard.extend(Comparison(RagEngine(retriever, models), [Contender("fast"), Contender("other")]).stream(QUESTION))
    assert not answers(heard)[0].refused


def test_stop_ends_all_with_what_they_had(retriever: CourseRetriever, tmp_path: Path, trickle: Trickle) -> None:
    models, cancel = Bench({}, slow=compatible(tmp_path, trickle.url), fast=fake(tmp_path)), threading.Event()
    options = AskOptions(cancel=cancel)
    heard: list[Heard] = []
    for one in Comparison(RagEngine(retriever, models), [Contender("slow"), Contender("fast")], options).stream(
        QUESTION
    ):
        heard.append(one)
        if one.contender == 0 and isinstance(one.event, Token):
            cancel.set()
    assert trickle.left.wait(20), "the server's reader must be gone"
    assert answers(heard)[0].stopped
    assert answers(heard)[0].draft == "드롭아웃은 "


def test_closing_the_stream_stops_the_servers(retriever: CourseRetriever, tmp_path: Path, trickle: Trickle) -> None:
    models = Bench({}, slow=compatible(tmp_path, trickle.url), fast=fake(tmp_path))
    heard = Comparison(RagEngine(retriever, models), [Contender("slow"), Contender("fast")]).stream(QUESTION)
    next(heard)
    next(heard)
    assert trickle.asked.wait(20)
    heard.close()
    assert trickle.left.wait(20)


def test_one_engine_answers_in_turn_and_long_ones_come_last(retriever: CourseRetriever, tmp_path: Path) -> None:
    models = Bench({"here": 75.0}, here=fake(tmp_path), there=fake(tmp_path))
    contenders = [
        Contender("here", "self_consistency"),
        Contender("here"),
        Contender("here", "role"),
        Contender("there"),
    ]
    heard = list(Comparison(RagEngine(retriever, models), contenders).stream(QUESTION))
    here = [(h.contender, kind(h)) for h in heard if h.contender in {0, 1, 2}]
    order = [i for i, what in here if what == "Done"]
    assert order == [1, 2, 0]
    assert [i for i, _ in here] == sorted([i for i, _ in here], key=order.index)
    assert answers(heard)[0].agreement == 1.0


@pytest.mark.parametrize(
    ("contenders", "said"),
    [
        ([Contender("fake")], "1 contenders were given; give 2 to 4"),
        ([Contender("fake", str(n)) for n in range(5)], "5 contenders were given"),
        ([Contender("fake"), Contender("fake")], "The contender fake is given twice"),
        ([Contender("fake"), Contender("fake", "zero_shto")], "did you mean zero_shot"),
    ],
)
def test_what_cannot_be_compared_is_named(retriever: CourseRetriever, contenders: list[Contender], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Comparison(RagEngine(retriever, Bench({})), contenders)


def test_contenders_are_read_as_typed() -> None:
    assert Contender.parse("local:zero_shot@C:/tuned/my.gguf") == Contender(
        "local", "zero_shot", adapter="C:/tuned/my.gguf"
    )
    assert Contender.parse("openai") == Contender("openai")
    assert Contender.parse("local:role@a/b/tuned.gguf").label() == "local:role@tuned"


# With the real 0.5B


@pytest.fixture(scope="module")
def config(weights_dir: Path) -> BackendConfig:
    return BackendConfig(weights_dir=weights_dir, model="qwen2.5-coder-0.5b", context_tokens=2048, max_tokens=24)


@pytest.fixture(scope="module")
def chat(config: BackendConfig) -> Iterator[Any]:
    chat = LOCAL.build(config)
    yield chat
    chat.engine.close()  # type: ignore[attr-defined]


@pytest.fixture
def real(retriever: CourseRetriever, chat: Any) -> Callable[..., Comparison]:
    """Comparisons on the 0.5B with short evidence, so that reading takes seconds."""

    def build(*contenders: Contender, **options: Any) -> Comparison:
        return Comparison(
            RagEngine(retriever, Bench({"local": 75.0}, local=chat)), contenders, AskOptions(tokens=60, **options)
        )

    return build


def short(name: str, rules: str) -> Contender:
    return Contender("local", template=replace(find("zero_shot"), name=name, rules=rules))


@pytest.mark.weights
def test_two_on_one_engine_say_what_each_says_alone(real: Callable[..., Comparison]) -> None:
    contenders = [
        short("ko", "자료만 보고 한국어 한 문장으로 답하세요."),
        short("en", "Answer in English, in one sentence."),
    ]
    both = real(*contenders)
    prepared = both.prepare(QUESTION)
    together = answers(list(both.answers(prepared)))
    alone = {}
    for i in (1, 0):
        *_, done = both.engine.answer(prepared, AskOptions(prompt=contenders[i].asked_with))
        assert isinstance(done, Done)
        alone[i] = done.answer.draft
    assert {i: answer.draft for i, answer in together.items()} == alone
    assert alone[0] != alone[1]
    assert all(answer.tokens_per_s for answer in together.values())


@pytest.mark.weights
def test_stop_in_mid_answer_leaves_the_engine_idle(real: Callable[..., Comparison], chat: Any) -> None:
    cancel = threading.Event()
    both = real(Contender("local", "zero_shot"), short("ko", "한국어로 답하세요."), cancel=cancel)
    heard: list[Heard] = []
    for one in both.stream(QUESTION):
        heard.append(one)
        if isinstance(one.event, Token):
            cancel.set()
    assert [answers(heard)[i].stopped for i in (0, 1)] == [True, True]
    assert not any(isinstance(h.event, Token) for h in heard if h.contender == 1), "its turn had not come"
    ends = time.monotonic() + 60
    while not chat.engine.idle() and time.monotonic() < ends:
        time.sleep(0.02)
    assert chat.engine.idle()


@pytest.mark.weights
def test_answers_that_are_drawn_differ_and_cost_adds_up(real: Callable[..., Comparison]) -> None:
    drawn = replace(find("zero_shot"), name="two draws", samples=2, temperature=1.5)
    both = real(Contender("local", template=drawn), Contender("local", "zero_shot"))
    done = answers(list(both.stream(QUESTION)))
    assert done[0].agreement in {0.5, 1.0}
    assert (done[0].prompt, done[1].agreement) == ("two draws", None)
    one, two = done[1].usage.prompt_tokens, done[0].usage.prompt_tokens
    assert one is not None
    assert two == 2 * one
