"""The whole way from a question to a checked answer, with a model that quotes."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from chains.rag import AskOptions, RagEngine
from chains.retrieve import CourseRetriever
from ingest.store import Scope
from models.errors import RateLimited
from models.types import Done, Sources, Token, Turn

EngineOf = Callable[..., tuple[RagEngine, Any]]
FAKE = AskOptions(backend="fake")
QUESTION = "드롭아웃은 특정 뉴런끼리 지나치게 의존하는 것을 어떻게 막나요?"


def test_sources_first_then_tokens_then_the_checked_answer(engine_of: EngineOf) -> None:
    events = list(engine_of()[0].stream(QUESTION, options=FAKE))
    assert isinstance(events[0], Sources)
    assert all(isinstance(event, Token) for event in events[1:-1])
    assert len(events) > 3
    assert isinstance(events[-1], Done)
    answer = events[-1].answer
    assert not answer.refused
    assert "드롭아웃" in answer.text
    assert answer.sentences[0].supported
    citation = answer.citations[0]
    assert (citation.source, citation.locator.headings[-1]) == ("06-mlp-overfitting.md", "드롭아웃")
    assert citation.quote in events[0].passages[citation.n - 1].chunk.text
    assert set(answer.timings_ms) == {"retrieve", "first_token", "total"}


@pytest.mark.parametrize(
    "question", ["이 강의 수강료는 얼마인가요?", "내일 서울 날씨는 어때?", "김치찌개 끓이는 법 알려줘"]
)
def test_what_the_documents_do_not_hold_is_refused(engine_of: EngineOf, question: str) -> None:
    answer = engine_of()[0].ask(question, options=FAKE)
    assert answer.refused
    assert answer.citations == ()
    assert answer.reason is not None
    assert answer.nearest is not None


def test_a_scope_without_documents_has_no_answer(engine_of: EngineOf) -> None:
    options = AskOptions(backend="fake", scope=Scope(documents=frozenset({"no such document"})))
    answer = engine_of()[0].ask(QUESTION, options=options)
    assert (answer.refused, answer.reason, answer.nearest) == (True, "no_documents", None)


def test_a_scope_keeps_other_documents_out(engine_of: EngineOf, retriever: CourseRetriever) -> None:
    cnn = next(d for d in retriever.store.documents() if d.source == "07-cnn.md")
    options = AskOptions(backend="fake", scope=Scope(documents=frozenset({cnn.id})))
    sources = next(engine_of()[0].stream(QUESTION, options=options))
    assert isinstance(sources, Sources)
    assert {p.chunk.source for p in sources.passages} == {"07-cnn.md"}


def test_a_follow_up_is_understood_and_reuses_the_passages(engine_of: EngineOf) -> None:
    engine, _ = engine_of()
    options = AskOptions(backend="fake", thread="t1")
    first = next(engine.stream(QUESTION, options=options))
    history = [Turn(QUESTION, "…")]
    follow_up = next(engine.stream("그건 왜 효과가 있나요?", history, options))
    assert isinstance(first, Sources)
    assert isinstance(follow_up, Sources)
    assert "드롭아웃" in follow_up.standalone_question
    assert follow_up.passages == first.passages


def test_threads_do_not_mix(engine_of: EngineOf) -> None:
    engine, _ = engine_of()
    list(engine.stream(QUESTION, options=AskOptions(backend="fake", thread="a")))
    other = next(engine.stream("풀링은 무엇을 줄이나요?", options=AskOptions(backend="fake", thread="b")))
    assert isinstance(other, Sources)
    assert other.passages[0].chunk.source == "07-cnn.md"


def test_stop_ends_the_answer_and_says_so(engine_of: EngineOf) -> None:
    cancel = threading.Event()
    engine, _ = engine_of(delay_s="0.2")
    started = time.monotonic()
    events = []
    for event in engine.stream(QUESTION, options=AskOptions(backend="fake", cancel=cancel)):
        events.append(event)
        if isinstance(event, Token):
            cancel.set()
    assert isinstance(events[-1], Done)
    assert events[-1].answer.stopped
    assert sum(isinstance(event, Token) for event in events) == 1
    assert time.monotonic() - started < 60


def test_a_backend_s_error_reaches_the_caller_after_the_sources(engine_of: EngineOf) -> None:
    events = engine_of(fail="RateLimited")[0].stream(QUESTION, options=FAKE)
    assert isinstance(next(events), Sources)
    with pytest.raises(RateLimited):
        list(events)


def test_a_fallback_answers_where_the_first_backend_fails_and_is_named(engine_of: EngineOf) -> None:
    engine, models = engine_of(fail="RateLimited")
    answer = engine.ask(QUESTION, options=AskOptions(backend="fake", fallbacks=("other",)))
    assert answer.backend == "other"
    assert not answer.refused
    assert models.asked == ["fake", "other"]


def test_no_fallback_is_built_where_the_first_backend_answers(engine_of: EngineOf) -> None:
    engine, models = engine_of()
    assert engine.ask(QUESTION, options=AskOptions(backend="fake", fallbacks=("other",))).backend == "fake"
    assert models.asked == ["fake"]


def test_a_backend_that_fails_in_mid_answer_is_not_replaced(engine_of: EngineOf) -> None:
    events = engine_of(fail="RateLimited", fail_after="3")[0].stream(
        QUESTION, options=AskOptions(backend="fake", fallbacks=("other",))
    )
    with pytest.raises(RateLimited):
        list(events)


def test_reading_ahead_reads_what_the_question_will_send(engine_of: EngineOf) -> None:
    engine, models = engine_of()
    options = AskOptions(backend="fake", thread="t")
    engine.read_ahead(QUESTION[:-6], options=options)
    sources = next(engine.stream(QUESTION, options=options))
    assert isinstance(sources, Sources)
    read = models.warmed[0][-1].text
    assert sources.passages[0].text in read


def test_the_model_is_switched_by_name(engine_of: EngineOf) -> None:
    engine, models = engine_of()
    engine.ask(QUESTION, options=AskOptions(backend="other"))
    assert models.asked == ["other"]


def test_the_same_question_gives_the_same_answer(engine_of: EngineOf) -> None:
    engine, _ = engine_of()
    first, second = (engine.ask(QUESTION, options=FAKE) for _ in range(2))
    assert (first.sentences, first.citations) == (second.sentences, second.citations)
