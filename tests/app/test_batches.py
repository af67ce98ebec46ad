"""Batches run behind the page, one at a time, survive a restart, and belong to one user."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from app.batches import Asked, Batches, Plan
from evals.base import Case
from models.errors import BackendTimeout, InputError

CASES = [Case(f"q{n}", f"질문 {n}?", documents=("a.md",)) for n in range(3)]
PLAN = Plan("기초", "basics", (Asked("fake:few_shot", "fake", {"name": "few_shot"}),))
WAIT_S = 20


class Work:
    """Answers a case whenever `go` is set; keeps what it answered, as evals.run does."""

    def __init__(self) -> None:
        self.go, self.began, self.asked, self.error = threading.Event(), threading.Event(), [], None

    def __call__(self, plan, cases, folder, progress, cancel):
        self.began.set()
        if self.error:
            raise self.error
        for number, case in enumerate(cases, start=1):
            while not self.go.wait(0.01):
                if cancel.is_set():
                    return
            self.asked.append(case.id)
            progress(SimpleNamespace(done=number, total=len(cases), failed=0, eta_s=1.0, system="fake:few_shot"))
        (folder / "report.html").write_text("<h1>보고서</h1>", encoding="utf-8")


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def batches(home, work):
    opened = Batches(home / "runs", work)
    yield opened
    opened.close()


def reached(batches, identity, state, owner="kim"):
    """Waits for a state, and fails where it does not come."""
    done = threading.Event()
    for _ in range(WAIT_S * 100):
        if batches.get(owner, identity).state == state:
            return batches.get(owner, identity)
        done.wait(0.01)
    raise AssertionError(f"{batches.get(owner, identity)} never was {state}")


def test_batch_runs_to_its_report(batches, work):
    identity = batches.start("kim", PLAN, CASES)
    assert work.began.wait(WAIT_S)
    assert batches.get("kim", identity).unfinished
    work.go.set()
    batch = reached(batches, identity, "done")
    assert (batch.done, batch.total, work.asked) == (3, 3, ["q0", "q1", "q2"])
    assert batches.file("kim", identity, "report.html").read_text(encoding="utf-8") == "<h1>보고서</h1>"


def test_nobody_else_sees_or_ends_it(batches, work):
    work.go.set()
    identity = batches.start("kim", PLAN, CASES)
    reached(batches, identity, "done")
    batches.delete("lee", identity)
    assert batches.all("lee") == []
    assert batches.get("lee", identity) is None
    assert batches.file("lee", identity, "report.html") is None
    assert [batch.id for batch in batches.all("kim")] == [identity]
    batches.delete("kim", identity)
    assert batches.all("kim") == []


def test_stop_and_resume(batches, work):
    identity = batches.start("kim", PLAN, CASES)
    assert work.began.wait(WAIT_S)
    batches.stop("kim", identity)
    assert batches.get("kim", identity).state == "stopped"
    work.go.set()
    batches.resume("kim", identity)
    assert reached(batches, identity, "done").done == 3


def test_deleted_while_it_runs(home, batches, work):
    identity = batches.start("kim", PLAN, CASES)
    assert work.began.wait(WAIT_S)
    batches.delete("kim", identity)
    assert batches.all("kim") == []
    batches.close()
    assert not (home / "runs" / identity).exists()


def test_restart_goes_on(home, work):
    before = Batches(home / "runs", work)
    first, second = (before.start("kim", PLAN, CASES) for _ in range(2))
    assert work.began.wait(WAIT_S)
    before.close()
    again = Work()
    again.go.set()
    after = Batches(home / "runs", again)
    for identity in (first, second):
        assert reached(after, identity, "done").done == 3
    assert after.get("kim", first).plan == PLAN
    after.close()


def test_error_is_told_and_kept(home, batches, work):
    work.error = BackendTimeout(backend="fake", timeout_s=3)
    identity = batches.start("kim", PLAN, CASES)
    assert "3 s" in str(reached(batches, identity, "failed").error)
    kept = Batches(home / "runs", work).get("kim", identity)
    assert (kept.state, "3 s" in str(kept.error)) == ("failed", True)


def test_nothing_to_ask_is_refused(batches):
    with pytest.raises(InputError):
        batches.start("kim", PLAN, [])


def test_damaged_batch_is_passed_over(home, work):
    folder = home / "runs" / "20261121-090000-0123abcd"
    folder.mkdir(parents=True)
    (folder / "batch.json").write_text('{"owner": "kim"', encoding="utf-8")
    assert Batches(home / "runs", work).all("kim") == []
