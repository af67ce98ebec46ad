"""From a question to its stored answer, without a browser: order, waiting, stopping, failing, repeating, two at once."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from app.conversations import Conversations
from app.ui.asking import Question, ask
from app.ui.context import Status
from app.ui.downloads import Downloads
from app.ui.page import Page
from app.ui.sessions import DRAFT_PAUSE_S, Sessions
from models.errors import BackendTimeout


@pytest.fixture
def page(context):
    conversations = Conversations(context.home / "conversations.sqlite")
    return Page(context, conversations, Sessions(), Downloads(context), "ko")


def titles(page, owner=""):
    return [c.title for c in page.conversations.search(owner)]


def only_conversation(page, owner=""):
    (conversation,) = page.conversations.search(owner)
    return page.conversations.turns(owner, conversation.id)


def test_evidence_before_words_before_the_checked_answer(page):
    changes = list(ask(page, Question("드롭아웃?", "s")))
    shown = [i for i, c in enumerate(changes) if c.evidence and 'data-n="1"' in c.evidence]
    words = [i for i, c in enumerate(changes) if c.live and "cm-draft" in c.live]
    assert 0 < shown[0] < words[0] < len(changes) - 1
    assert (changes[0].busy, changes[0].box, changes[-1].busy, changes[-1].live) == (True, "", False, "")
    assert "cm-weak" in changes[-1].thread
    (turn,) = only_conversation(page)
    assert turn.record.answer.sentences == page.context.engine_.sentences
    assert changes[-1].follow_ups == ["과적합과 방지를 설명해 주세요."]


def test_history_and_scope_reach_the_engine(page):
    first = list(ask(page, Question("처음?", "s")))
    conversation = first[0].conversation
    list(ask(page, Question("그 다음은?", "s", conversation=conversation, documents=("d1",), speed="fast")))
    question, history, options = page.context.engine_.asked[-1]
    assert (question, [t.question for t in history]) == ("그 다음은?", ["처음?"])
    assert options.scope.documents == frozenset({"d1"})
    assert (options.speed, options.thread) == ("fast", conversation)


def test_error_is_told_and_the_question_is_back(page):
    page.context.engine_.error = BackendTimeout(backend="local", timeout_s=60)
    last = list(ask(page, Question("느린 질문", "s")))[-1]
    assert (last.box, last.busy, last.conversation) == ("느린 질문", False, "")
    assert "60초" in last.live
    assert titles(page) == []


def test_unexpected_error_is_told_without_its_words(page):
    page.context.engine_.error = RuntimeError("sk-secret at /home/x")
    last = list(ask(page, Question("질문", "s")))[-1]
    assert last.box == "질문"
    assert "secret" not in last.live
    assert "coursemate doctor" in last.live


def test_missing_key_leads_to_the_settings(page):
    (last,) = list(ask(page, Question("질문", "s", backend="openai")))
    assert "OPENAI_API_KEY" in last.live
    assert 'data-tab="settings"' in last.live
    assert (last.box, titles(page)) == ("질문", [])


def test_empty_and_endless_questions(page):
    assert list(ask(page, Question(" \n", "s"))) == []
    (last,) = list(ask(page, Question("가" * 9_000, "s")))
    assert "9000자" in last.live
    assert last.box == "가" * 9_000


def test_stop_keeps_what_came(page):
    page.context.engine_.pause_s = 0.05
    changes = []
    for change in ask(page, Question("질문", "s")):
        changes.append(change)
        if change.live and "cm-draft" in change.live:
            assert page.sessions.stop("s")
    (turn,) = only_conversation(page)
    assert turn.record.answer.stopped
    assert "여기에서 멈추었습니다" in changes[-1].thread
    assert not page.sessions.stop("s")


def test_stop_while_loading_gives_the_question_back(page):
    page.context.ready.clear()
    page.context.status_ = Status("starting", "model")
    changes = []
    for change in ask(page, Question("이른 질문", "s")):
        changes.append(change)
        if change.live and "여는 중" in change.live:
            page.sessions.stop("s")
    assert "답하는 모델을 여는 중" in changes[1].live
    assert (changes[-1].box, titles(page)) == ("이른 질문", [])


def test_question_waits_for_the_model(page):
    page.context.ready.clear()
    page.context.status_ = Status("starting", "embedder")
    threading.Timer(0.4, page.context.ready.set).start()
    changes = list(ask(page, Question("이른 질문", "s")))
    assert "검색 모델을 여는 중" in changes[1].live
    assert "cm-weak" in changes[-1].thread


def test_closed_page_keeps_the_question(page):
    answering = ask(page, Question("닫힌 페이지", "s"))
    next(answering)
    page.sessions.leave("s")
    answering.close()
    assert [(t.question, t.record) for t in only_conversation(page)] == [("닫힌 페이지", None)]


def test_repeating_replaces_only_when_the_new_answer_is_there(page):
    conversation = list(ask(page, Question("하나", "s")))[-1].conversation
    list(ask(page, Question("둘", "s", conversation=conversation)))
    first, second = page.conversations.turns("", conversation)
    again = Question("하나, 고침", "s", conversation=conversation, replaces=first.id)
    page.context.engine_.error = BackendTimeout(backend="local", timeout_s=1)
    list(ask(page, again))
    assert [t.id for t in page.conversations.turns("", conversation)] == [first.id, second.id]
    page.context.engine_.error = None
    list(ask(page, again))
    assert [t.question for t in page.conversations.turns("", conversation)] == ["하나, 고침"]
    assert page.context.engine_.asked[-1][1] == ()


def test_second_question_of_a_page_ends_the_first(page):
    page.context.engine_.pause_s = 0.05
    first = ask(page, Question("첫째", "s"))
    next(first)
    second = list(ask(page, Question("둘째", "s")))
    assert "cm-weak" in second[-1].thread
    assert list(first)[-1].busy is False
    assert titles(page) == ["둘째"]


def test_two_people_at_once_do_not_mix(page):
    page.context.engine_.pause_s = 0.01
    results = {}

    def run(name):
        results[name] = list(ask(page, Question(f"{name}의 질문", name, owner=name)))

    threads = [threading.Thread(target=run, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in results:
        assert titles(page, name) == [f"{name}의 질문"]
        shown = "".join(c.thread or "" for c in results[name]) + "".join(c.conversations or "" for c in results[name])
        assert all(f"{other}의 질문" not in shown for other in results if other != name)


def test_conversation_of_someone_else_is_not_continued(page):
    theirs = list(ask(page, Question("남의 질문", "a", owner="a")))[-1].conversation
    mine = list(ask(page, Question("내 질문", "b", owner="b", conversation=theirs)))
    assert mine[0].conversation != theirs
    assert "남의 질문" not in mine[-1].thread
    assert len(page.conversations.turns("a", theirs)) == 1


def test_only_the_last_draft_is_read(page):
    sessions, read = Sessions(), []
    for word in ("드", "드롭", "드롭아웃"):
        sessions.draft("s", lambda cancel, word=word: read.append(word))
    time.sleep(DRAFT_PAUSE_S + 0.3)
    assert read == ["드롭아웃"]
    sessions.draft("s", lambda cancel: read.append("late"))
    sessions.leave("s")
    time.sleep(DRAFT_PAUSE_S + 0.2)
    assert read == ["드롭아웃"]


def test_failing_read_ahead_is_silent(page):
    sessions, asked = Sessions(), threading.Event()

    def fail(cancel):
        asked.set()
        raise BackendTimeout(backend="local", timeout_s=1)

    sessions.draft("s", fail)
    assert asked.wait(3)


def test_refusal_is_stored_and_shown(page):
    page.context.engine_ = replace(page.context.engine_, refuse=True)
    last = list(ask(page, Question("쪽수는?", "s")))[-1]
    assert "자료에서 찾지 못했습니다" in last.thread
    assert only_conversation(page)[0].record.answer.refused


def test_usual_backend_may_lack_its_weights_while_they_are_fetched(page):
    context = page.context
    context.ready.clear()
    context.status_ = Status("starting", "weights", done=10, total=400)
    everything = context.backends
    context.backends = lambda: [replace(info, missing="no weights") for info in everything()]
    answering = ask(page, Question("이른 질문", "s"))
    next(answering)
    assert "모델 파일을 내려받는 중" in next(answering).live
    context.backends = everything
    context.status_ = Status("ready")
    context.ready.set()
    assert "cm-weak" in list(answering)[-1].thread
    context.backends = lambda: [replace(info, missing="no weights") for info in everything()]
    (last,) = list(ask(page, Question("질문", "s")))
    assert "no weights" in last.live
