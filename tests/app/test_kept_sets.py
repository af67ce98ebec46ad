"""Question sets in the home: names stay inside, two windows do not overwrite each other, the chat becomes a set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.conversations import Conversations, Record
from app.questionsets import QuestionSets, from_chat, version_of
from evals.base import Case
from evals.questions import Entry, load_cases
from models.errors import InputError
from models.types import Answer, Sentence

ENTRIES = [Entry(Case("a", "드롭아웃은 왜 쓰나요?"), accepted=False), Entry(Case("b", "BERT란?"))]


@pytest.fixture
def sets(home: Path) -> QuestionSets:
    return QuestionSets(home)


@pytest.mark.parametrize("name", ["", " ", "../x", "a/b", "a\\b", ".hidden", "x" * 61, "con", "a:b", "x.", "\u202ex"])
def test_a_name_cannot_leave_the_folder(sets: QuestionSets, name: str) -> None:
    with pytest.raises(InputError):
        sets.create(name, ENTRIES)
    with pytest.raises(InputError):
        sets.path(name, shipped=True)


def test_sets_are_listed_renamed_exported_and_deleted(sets: QuestionSets, home: Path) -> None:
    assert sets.create("내 질문", ENTRIES) == "내 질문"
    assert sets.create("내 질문", ENTRIES) == "내 질문 (2)"
    own = [(info.name, info.count, info.open) for info in sets.infos() if not info.shipped]
    assert own == [("내 질문", 2, 1), ("내 질문 (2)", 2, 1)]
    with pytest.raises(InputError, match="already"):
        sets.rename("내 질문", "내 질문 (2)")
    assert sets.rename("내 질문", "중간고사") == "중간고사"
    assert sets.exported("중간고사").count("\n") == 2
    sets.delete("중간고사")
    with pytest.raises(InputError):
        sets.entries("중간고사")


def test_shipped_sets_are_there_to_read(sets: QuestionSets) -> None:
    shipped = [info for info in sets.infos() if info.shipped]
    assert {info.name for info in shipped} == {"course-a", "course-b"}
    assert all(info.count > 50 and not info.open for info in shipped)
    with pytest.raises(InputError):
        sets.delete("course-a")


def test_a_broken_set_is_listed_as_such(sets: QuestionSets) -> None:
    sets.create("ok", ENTRIES)
    (sets.folder / "bad.jsonl").write_text("nonsense")
    assert [(i.name, i.broken is not None) for i in sets.infos() if not i.shipped] == [("bad", True), ("ok", False)]


def test_two_windows_do_not_overwrite_each_other(sets: QuestionSets) -> None:
    name = sets.create("x", ENTRIES)
    seen_a, seen_b = (version_of(entry) for entry in sets.entries(name))
    sets.change(name, "a", seen_a, replace(ENTRIES[0], accepted=True))
    sets.change(name, "b", seen_b, None)
    with pytest.raises(InputError, match="another window"):
        sets.change(name, "a", seen_a, None)
    with pytest.raises(InputError, match="another window"):
        sets.change(name, "b", seen_b, ENTRIES[1])
    (left,) = sets.entries(name)
    assert left.accepted
    with pytest.raises(InputError):
        sets.change(name, "a", version_of(left), replace(left, case=replace(left.case, question=" ")))
    assert sets.entries(name) == [left]
    sets.change(name, "a", version_of(left), None)
    assert sets.entries(name) == []


def test_accepting_all_leaves_the_undecided(sets: QuestionSets) -> None:
    name = sets.create("x", [*ENTRIES, Entry(Case("c", "그건?"), decided=False, accepted=False)])
    assert sets.accept_all(name) == 1
    assert [info.open for info in sets.infos() if info.name == "x"] == [1]


def test_the_chat_becomes_a_set_once(sets: QuestionSets, home: Path) -> None:
    conversations = Conversations(home / "conversations.sqlite")
    conversation = conversations.create("kim", "첫 질문")
    answers = {
        "드롭아웃은 왜 쓰나요?": Answer("q", (Sentence("빨라집니다.", 0.1),)),
        "수강료는요?": Answer("q", (Sentence("찾을 수 없습니다.", 0.0),), refused=True, standalone_question="이 과정의 수강료는 얼마인가요?"),
        "BERT란?": Answer("q", (Sentence("모델입니다.", 0.9),)),
    }  # fmt: skip
    turns = {question: conversations.ask("kim", conversation, question) for question in answers}
    for question, turn in turns.items():
        conversations.answer(turn, Record(answers[question]))
    conversations.rate("kim", turns["드롭아웃은 왜 쓰나요?"], -1, "틀림")
    conversations.rate("kim", turns["BERT란?"], 1)
    found = from_chat(conversations, "kim")
    assert [entry.case.question for entry in found] == ["드롭아웃은 왜 쓰나요?", "이 과정의 수강료는 얼마인가요?"]
    assert found[0].note == "틀림 · 빨라집니다."
    assert not any(entry.decided or entry.case.evidence for entry in found)
    assert from_chat(conversations, "lee") == []
    assert sets.add("채팅", found) == 2
    assert sets.add("채팅", found) == 0
    with pytest.raises(InputError, match="decided"):
        load_cases([sets.path("채팅")])
