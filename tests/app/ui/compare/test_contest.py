"""One question to several contenders without a browser: columns, blind rounds, what is lacking, stopping."""

from __future__ import annotations

import pytest

from app.conversations import Conversations
from app.keys import Keys
from app.settings import load
from app.ui.compare import contenders
from app.ui.compare.arena import open_arena
from app.ui.compare.contest import Challenge, compete
from app.ui.downloads import Downloads
from app.ui.page import Page
from app.ui.sessions import Sessions
from app.wiring import Wiring
from models.errors import InputError

NOTES = """# 드롭아웃
## 원리
드롭아웃은 학습할 때 뉴런을 확률 p로 무작위로 끈다. 은닉층에서는 보통 0.5를 쓴다.
"""
QUESTION = "드롭아웃은 학습할 때 뉴런을 어떻게 하나요?"


@pytest.fixture
def page(home, tmp_path):
    """The real application over one note, with the embedder and the backend that need no weights."""
    note = tmp_path / "dropout.md"
    note.write_text(NOTES, encoding="utf-8")
    wiring = Wiring(load(home, embedder="fake", backend="fake", offline=True), Keys(home / "keys.toml", {}))
    list(wiring.ingest([note]))
    arena = open_arena(wiring)
    yield Page(wiring, Conversations(home / "conversations.sqlite"), Sessions(), Downloads(wiring), "ko", arena=arena)
    arena.batches.close()
    wiring.close()


def challenge(page, *chosen, blind=False, owner="", question=QUESTION):
    rivals = [contenders.rival(page, page.arena.templates, owner, backend, prompt) for backend, prompt in chosen]
    return Challenge(question, "s", owner, rivals, blind)


def ended(page, asked):
    """All changes of a challenge, and its round."""
    changes = list(compete(page, page.arena, asked))
    return changes, page.arena.rounds.get(asked.owner, changes[-1].round)


@pytest.fixture
def ready(page, monkeypatch):
    """The application has been started."""
    page.context.start()
    assert page.context.wait_ready(60)
    return page


def test_columns_fill_from_one_retrieval(ready):
    changes, one = ended(ready, challenge(ready, ("fake", "few_shot"), ("fake", "zero_shot")))
    assert [sorted(c.columns) for c in changes if c.head] == [[0, 1]]
    assert any("근거 1개를 읽고" in html for c in changes for html in c.columns.values())
    assert [entry.answer.question for entry in one.entries] == [QUESTION, QUESTION]
    assert one.evidence.passages[0].chunk.source == "dropout.md"
    assert "제로샷" in one.entries[1].title
    assert changes[-1].finished


def test_blind_round_sends_no_name(ready):
    asked = challenge(ready, ("fake", "few_shot"), ("fake", "zero_shot"), ("fake", "role"), blind=True)
    changes, one = ended(ready, asked)
    sent = "".join(html for c in changes for html in c.columns.values())
    assert len(one.entries) == 2
    assert one.votable
    for rival in asked.rivals:
        assert rival.title not in sent
        assert rival.contender.backend not in sent
    assert "토큰" not in sent


def test_one_without_a_key_says_how_and_the_other_answers(ready):
    _, one = ended(ready, challenge(ready, ("openai", "few_shot"), ("fake", "few_shot")))
    assert "OPENAI_API_KEY" in one.entries[0].error
    assert one.entries[1].answer is not None


def test_blind_round_needs_two_that_can_answer(ready):
    asked = challenge(ready, ("openai", "few_shot"), ("fake", "few_shot"), blind=True)
    with pytest.raises(InputError, match="OPENAI_API_KEY"):
        list(compete(ready, ready.arena, asked))


@pytest.mark.parametrize("question", [" \n", "가" * 9_000])
def test_empty_and_endless_questions(page, question):
    with pytest.raises(InputError):
        list(compete(page, page.arena, challenge(page, ("fake", ""), ("fake", "role"), question=question)))


def test_the_same_twice_is_refused(page):
    with pytest.raises(InputError, match="twice"):
        list(compete(page, page.arena, challenge(page, ("fake", "role"), ("fake", "role"))))


def test_stop_while_starting_ends_every_column(page):
    asked = challenge(page, ("fake", "few_shot"), ("fake", "zero_shot"))
    competing = compete(page, page.arena, asked)
    next(competing)
    assert page.arena.sessions.stop("s")
    last = list(competing)[-1]
    one = page.arena.rounds.get("", last.round)
    assert [entry.error for entry in one.entries] == ["답하기 전에 멈추었습니다."] * 2


def test_closed_page_stops_its_comparison_and_leaves_the_round(page):
    competing = compete(page, page.arena, challenge(page, ("fake", "few_shot"), ("fake", "zero_shot")))
    first = next(competing)
    page.arena.sessions.leave("s")
    competing.close()
    assert not page.arena.sessions.stop("s")
    assert [entry.answer for entry in page.arena.rounds.get("", first.round).entries] == [None, None]


def test_two_people_do_not_mix(ready):
    _, kim = ended(ready, challenge(ready, ("fake", "few_shot"), ("fake", "role"), owner="kim"))
    assert ready.arena.rounds.get("lee", kim.id) is None
    assert ready.arena.rounds.recent("lee") == []
