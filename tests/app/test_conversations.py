"""Conversations: kept, found, renamed, deleted, apart for each owner, whole after a crash."""

from __future__ import annotations

import sqlite3
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app.conversations import Conversations, Record, title_of
from models.errors import InputError, StoreError
from models.types import Answer, Chunk, Citation, Locator, Passage, Sentence, Usage

CHUNK = Chunk(
    "c1", "은닉층에는 0.5를 쓴다.", "노트.md", Locator(page=3, rows=(1, 2), headings=("장", "절")), 4, "d1", "md"
)
PASSAGE = Passage(1, CHUNK, CHUNK.text, (CHUNK.text,), 0, 0.9)
ANSWER = Answer(
    "보통 비율은?",
    (Sentence("0.5입니다.", 0.9, (1,)), Sentence("0.05도 씁니다.", 0.1, (), ("0.05",), False)),
    (Citation(1, "노트.md", CHUNK.locator, CHUNK.text, "c1"),),
    backend="local",
    model="m",
    usage=Usage(10, 20, 0.0),
    timings_ms={"first_token": 12.5, "total": 80.0},
    standalone_question="드롭아웃의 보통 비율은?",
)
RECORD = Record(ANSWER, (PASSAGE,), 81.5)


@pytest.fixture
def kept(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations.sqlite")


def add(kept: Conversations, question: str, owner: str = "", record: Record | None = RECORD) -> tuple[str, int]:
    conversation = kept.create(owner, question)
    turn = kept.ask(owner, conversation, question)
    if record:
        kept.answer(turn, record)
    return conversation, turn


def test_answer_comes_back_as_it_was(kept):
    conversation, turn = add(kept, "보통 비율은?")
    (stored,) = Conversations(kept.path).turns("", conversation)
    assert (stored.id, stored.question, stored.record) == (turn, "보통 비율은?", RECORD)
    assert stored.as_history().answer == "0.5입니다. 0.05도 씁니다."


def test_question_survives_without_its_answer(kept):
    conversation, _ = add(kept, "끊긴 질문", record=None)
    assert [(t.question, t.record) for t in kept.turns("", conversation)] == [("끊긴 질문", None)]


def test_list_is_newest_first_and_search_looks_everywhere(kept):
    first, _ = add(kept, "LSTM 게이트 정리")
    second, _ = add(kept, "RAG와 파인튜닝의 차이")
    assert [c.id for c in kept.search("")] == [second, first]
    assert [c.id for c in kept.search("", "lstm")] == [first]
    assert [c.id for c in kept.search("", "0.05도 차이")] == [second]
    kept.ask("", first, "50%_는?")
    assert [c.id for c in kept.search("", "50%_")] == [first]
    assert kept.search("", "%%%") == []


def test_owners_are_apart(kept):
    conversation, turn = add(kept, "비밀 질문", owner="a")
    assert kept.search("b") == []
    assert kept.turns("b", conversation) == []
    kept.rate("b", turn, 1)
    assert kept.feedback() == []
    for act in (
        kept.delete,
        lambda o, c: kept.rename(o, c, "x"),
        lambda o, c: kept.ask(o, c, "x"),
        lambda o, c: kept.drop(o, c, 1),
    ):
        with pytest.raises(InputError, match=conversation):
            act("b", conversation)
    assert len(kept.turns("a", conversation)) == 1


def test_rename_and_delete(kept):
    conversation, turn = add(kept, "이름")
    kept.rate("", turn, -1, "틀려요")
    kept.rename("", conversation, "  새\n이름 ")
    assert kept.search("")[0].title == "새 이름"
    with pytest.raises(InputError, match="empty"):
        kept.rename("", conversation, " \n")
    kept.delete("", conversation)
    assert kept.search("") == []
    assert kept.feedback() == []
    with sqlite3.connect(kept.path) as db:
        assert db.execute("SELECT count(*) FROM turns").fetchone() == (0,)
    db.close()


def test_drop_takes_a_stretch_of_turns(kept):
    conversation, first = add(kept, "하나")
    second, third = (kept.ask("", conversation, name) for name in ("둘", "셋"))
    kept.drop("", conversation, second, third)
    assert [t.id for t in kept.turns("", conversation)] == [first, third]
    kept.drop("", conversation, first)
    assert kept.turns("", conversation) == []


def test_feedback_is_kept_changed_and_taken_back(kept):
    _, turn = add(kept, "질문")
    kept.rate("", turn, 1)
    kept.rate("", turn, -1, "근거와 달라요")
    (given,) = kept.feedback()
    assert (given.question, given.vote, given.reason, given.record) == ("질문", -1, "근거와 달라요", RECORD)
    kept.rate("", turn, 0)
    assert kept.feedback() == []


def test_record_of_another_version_keeps_its_words(kept):
    conversation, turn = add(kept, "옛 질문")
    with sqlite3.connect(kept.path) as db:
        db.execute("UPDATE turns SET record = ? WHERE id = ?", (b'{"answer": {"shape": "other"}}', turn))
    db.close()
    (stored,) = kept.turns("", conversation)
    assert (stored.question, stored.record.answer.text) == ("옛 질문", ANSWER.text)


def test_many_threads_write_at_once(kept):
    conversation, _ = add(kept, "처음")
    threads = [threading.Thread(target=kept.ask, args=("", conversation, f"질문 {n}")) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept.turns("", conversation)) == 17


def test_broken_file_is_named(tmp_path):
    path = tmp_path / "conversations.sqlite"
    path.write_bytes(b"not a database, " * 100)
    with pytest.raises(StoreError, match=r"conversations\.sqlite"):
        Conversations(path)


def test_file_is_private(kept):
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600


def test_long_and_strange_questions(kept):
    assert title_of("가" * 200) == "가" * 60 + "…"
    assert title_of("  두\n줄  ") == "두 줄"
    conversation, _ = add(kept, "';DROP TABLE turns;-- \x00 <b>", record=replace(RECORD, passages=()))
    assert kept.turns("", conversation)[0].question.startswith("';DROP")
