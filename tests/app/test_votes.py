"""Votes are kept a user each, exported whole, and pairs that have met least often meet next."""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3

import pytest

from app.votes import Votes, as_csv, as_json, draw
from models.errors import InputError, StoreError


@pytest.fixture
def votes(home):
    return Votes(home / "votes.sqlite")


def test_votes_come_back_to_their_owner_alone(votes):
    votes.add("kim", "질문", left="a", right="b", verdict="left", blind=True)
    votes.add("lee", "질문", left="a", right="b", verdict="bad", blind=True)
    (vote,) = votes.all("kim")
    assert (vote.left, vote.right, vote.verdict, vote.blind) == ("a", "b", "left", True)
    assert votes.clear("kim") == 1
    assert [v.verdict for v in votes.all("lee")] == ["bad"]


def test_pairs_are_points_of_blind_votes(votes):
    for verdict in ("left", "right", "tie", "bad"):
        votes.add("", "질문", left="a", right="b", verdict=verdict, blind=True)
    votes.add("", "질문", left="a", right="b", verdict="left", blind=False)
    assert votes.pairs("") == [("a", "b", 1.0), ("a", "b", 0.0), ("a", "b", 0.5), ("a", "b", 0.5)]


@pytest.mark.parametrize(("right", "verdict"), [("b", "best"), ("a", "left")])
def test_what_is_no_vote_is_refused(votes, right, verdict):
    with pytest.raises(InputError):
        votes.add("", "질문", left="a", right=right, verdict=verdict, blind=True)


def test_exports_hold_every_vote_and_no_formula(votes):
    votes.add("", '=HYPERLINK("http://evil")\n둘째 줄', left="a", right="b", verdict="tie", blind=True)
    (row,) = csv.DictReader(io.StringIO(as_csv(votes.all("")).removeprefix("\ufeff"), newline=""))
    assert row["question"].startswith("'=HYPERLINK")
    assert (row["left"], row["right"], row["verdict"]) == ("a", "b", "tie")
    (value,) = json.loads(as_json(votes.all("")))
    assert value["question"].startswith("=HYPERLINK")


def test_the_pair_that_met_least_meets_next(votes):
    names = ["a", "b", "c"]
    for left, right in (("a", "b"), ("c", "a")):
        votes.add("", "질문", left=left, right=right, verdict="tie", blind=True)
    chance = random.Random(0)
    drawn = {draw(names, names, votes.all(""), chance) for _ in range(20)}
    assert drawn == {("b", "c"), ("c", "b")}


def test_file_of_a_newer_version_is_refused(home):
    path = home / "votes.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer"):
        Votes(path)
