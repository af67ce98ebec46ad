"""A round is there before its answers, keeps them in place, and ends its hiding once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.rounds import MOST_ROUNDS, Entry, Evidence, Rounds
from models.types import Answer, Chunk, Locator, Passage, Sentence

ANSWER = Answer("질문", (Sentence("답입니다.", 0.9, (1,)),), timings_ms={"total": 12.0})
ENTRIES = (Entry("a", "가"), Entry("b", "나"))


@pytest.fixture
def rounds(home):
    return Rounds(home / "rounds.sqlite")


def test_round_comes_back_as_it_was(rounds):
    identity = rounds.begin("", "질문", ENTRIES, blind=False)
    chunk = Chunk("c", "문장.", "a.md", Locator(headings=("제목",)), 0)
    evidence = Evidence((Passage(1, chunk, "문장.", ("문장.",), 0, 0.5),), 12.5)
    rounds.found(identity, evidence)
    rounds.keep(identity, 1, replace(ENTRIES[1], answer=ANSWER))
    one = rounds.get("", identity)
    assert (one.question, one.evidence, one.hidden) == ("질문", evidence, False)
    assert [entry.answer for entry in one.entries] == [None, ANSWER]
    assert rounds.get("lee", identity) is None


def test_blind_round_hides_until_its_first_verdict(rounds):
    identity = rounds.begin("kim", "질문", ENTRIES, blind=True)
    for place, entry in enumerate(ENTRIES):
        rounds.keep(identity, place, replace(entry, answer=ANSWER))
    assert rounds.get("kim", identity).votable
    assert not rounds.decide("lee", identity, "left")
    assert rounds.decide("kim", identity, "left")
    assert not rounds.decide("kim", identity, "right")
    one = rounds.get("kim", identity)
    assert (one.verdict, one.hidden, one.votable) == ("left", False, False)


def test_half_an_answer_is_not_voted_on(rounds):
    identity = rounds.begin("", "질문", ENTRIES, blind=True)
    rounds.keep(identity, 0, replace(ENTRIES[0], answer=ANSWER))
    rounds.keep(identity, 1, replace(ENTRIES[1], answer=replace(ANSWER, stopped=True)))
    assert not rounds.get("", identity).votable


def test_only_the_last_rounds_stay(rounds):
    for number in range(MOST_ROUNDS + 3):
        rounds.begin("", f"질문 {number}", ENTRIES, blind=False)
    kept = rounds.recent("", count=1000)
    assert (len(kept), kept[0][1]) == (MOST_ROUNDS, f"질문 {MOST_ROUNDS + 2}")
