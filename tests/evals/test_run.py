"""Runs: resumable after a kill, cached by content, stopped, and alive beside a dead backend."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from evals.base import Case, Outcome
from evals.journal import Journal
from evals.outcomes import from_json, to_json
from evals.run import RunOptions, RunProgress, failures_of, run
from evals.run_folder import RESULTS, load_run
from models.errors import BackendRefusedKey, BackendUnreachable, InputError, StoreLocked
from models.types import Answer, Chunk, Citation, Hit, Locator, Passage, Sentence, Usage

CASES = [Case(f"q{i}", f"질문 {i}?", must_include=((f"답 {i}",),), documents=("a.md",)) for i in range(12)]

CHILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from test_run import CASES, Parrot
from evals.run import run
run(CASES, [Parrot("parrot", pause_s=0.05)], Path(sys.argv[1]), lambda p: print(p.done, flush=True))
"""


def answer(case: Case) -> Outcome:
    chunk = Chunk("c" * 32, f"답 {case.id[1:]}", "a.md", Locator(rows=(1, 2), headings=("가", "나")), 0)
    said = Answer(
        case.question,
        (Sentence(f"답 {case.id[1:]}", 0.9, (1,), ("7",), quoted=True),),
        (Citation(1, "a.md", chunk.locator, "답", chunk.id),),
        backend="fake",
        usage=Usage(10, 2, 0.5),
        timings_ms={"retrieve": 1.5, "first_token": 2.5, "total": 9.25},
        draft="답",
    )
    return Outcome(said, (Hit(chunk, 0.5, None, 2.0),), (Passage(1, chunk, "답", ("답",), 0, 0.5),))


@dataclass
class Parrot:
    """Knows every answer; fails where told to."""

    name: str
    pause_s: float = 0.0
    fails: dict[str, Exception] = field(default_factory=dict)
    fingerprint: str = "f" * 32
    workers: int = 1
    about: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    closed: int = 0

    def answer(self, case: Case, cancel: threading.Event) -> Outcome:
        self.asked.append(case.id)
        if self.pause_s:
            cancel.wait(self.pause_s)
        if case.id in self.fails:
            raise self.fails[case.id]
        return answer(case)

    def close(self) -> None:
        self.closed += 1


def rows(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / RESULTS).read_text(encoding="utf-8").splitlines()]


def test_an_outcome_survives_json_without_loss() -> None:
    outcome = answer(CASES[3])
    assert from_json(json.loads(json.dumps(to_json(outcome)))) == outcome
    assert from_json(to_json(Outcome())) == Outcome()
    with pytest.raises(InputError, match="version 99"):
        from_json({**to_json(outcome), "v": 99})


def test_a_run_answers_everything_and_reports(tmp_path: Path) -> None:
    told: list[RunProgress] = []
    parrot = Parrot("parrot", workers=3)
    done = run(CASES, [parrot], tmp_path / "run", told.append)
    assert sorted(parrot.asked) == sorted(case.id for case in CASES)
    assert (done.missing, parrot.closed) == ({}, 1)
    assert [p.done for p in told] == list(range(1, 13))
    assert (told[-1].total, told[-1].failed, told[-1].eta_s) == (12, 0, 0.0)
    assert done.outcomes["parrot"]["q3"] == answer(CASES[3])
    (system,) = done.summary["systems"]
    assert system["metrics"]["correct"]["value"] == 1.0
    assert system["metrics"]["correct"]["n"] == 12
    assert {"run.json", "results.jsonl", "summary.json", "report.html", "report.md"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    child = CHILD.format(here=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", child, str(folder)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() not in {"5", ""}:
            pass
        process.send_signal(signal.SIGKILL)
    killed = len(rows(folder))
    assert 5 <= killed < 12
    with (folder / RESULTS).open("ab") as file:
        file.write('{"case": "q9", "question": "질'.encode()[:-1])  # a write that the kill cut in two
    again = Parrot("parrot")
    resumed = run(CASES, [again], folder)
    undisturbed = run(CASES, [Parrot("parrot")], tmp_path / "other")
    assert len(again.asked) == 12 - killed
    assert resumed.outcomes == undisturbed.outcomes
    assert resumed.summary["systems"] == undisturbed.summary["systems"]
    assert len(rows(folder)) == 12


def test_equal_fingerprints_share_answers_between_runs(tmp_path: Path) -> None:
    options = RunOptions(cache=tmp_path / "cache")
    run(CASES, [Parrot("one")], tmp_path / "a", options=options)
    same, other = Parrot("two"), Parrot("three", fingerprint="e" * 32)
    done = run(CASES, [same, other], tmp_path / "b", options=options)
    assert (same.asked, len(other.asked), done.missing) == ([], 12, {})
    asked_again = Parrot("one")
    run(CASES, [asked_again], tmp_path / "c", options=RunOptions(cache=tmp_path / "cache", again=True))
    assert len(asked_again.asked) == 12


def test_an_edited_question_and_a_changed_system_are_asked_anew(tmp_path: Path) -> None:
    run(CASES, [Parrot("p")], tmp_path / "run")
    edited = [Case("q0", "다른 질문?", must_include=(("답",),)), *CASES[1:]]
    again = Parrot("p")
    run(edited, [again], tmp_path / "run")
    assert again.asked == ["q0"]
    changed = Parrot("p", fingerprint="d" * 32)
    run(edited, [changed], tmp_path / "run")
    assert len(changed.asked) == 12


def test_a_dead_system_is_left_alone_and_the_others_go_on(tmp_path: Path) -> None:
    down = BackendUnreachable(backend="b", url="http://x", detail="refused")
    dying = Parrot("dying", fails={f"q{i}": down for i in range(4, 12)}, workers=2)
    keyless = Parrot("keyless", fails={"q0": BackendRefusedKey(backend="k", variable="K_API_KEY")})
    done = run(CASES, [dying, keyless, Parrot("alive")], tmp_path / "run")
    assert set(done.missing) == {"dying", "keyless"}
    assert done.missing["dying"] == [f"q{i}" for i in range(4, 12)]
    assert len(dying.asked) < 12
    assert len(keyless.asked) == 1
    reasons = dict(failures_of(done)["dying"])
    assert "" in reasons
    assert any("does not answer" in why for why in reasons)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "does not answer" in page
    revived = Parrot("dying")
    done = run(CASES, [revived], tmp_path / "run")
    assert set(revived.asked) == {f"q{i}" for i in range(4, 12)}
    assert set(done.missing) == {"keyless"}  # of the system that was not asked this time


def test_stop_keeps_what_is_done(tmp_path: Path) -> None:
    cancel = threading.Event()

    def stop_at_five(progress: RunProgress) -> None:
        if progress.done == 5:
            cancel.set()

    done = run(CASES, [Parrot("p")], tmp_path / "run", stop_at_five, cancel)
    assert len(done.outcomes["p"]) == 5
    assert len(run(CASES, [Parrot("p")], tmp_path / "run").outcomes["p"]) == 12


def test_what_cannot_be_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="empty"):
        run([], [Parrot("p")], tmp_path / "run")
    with pytest.raises(InputError, match="names of their own"):
        run(CASES, [Parrot("p"), Parrot("p")], tmp_path / "run")
    run(CASES[:6], [Parrot("p")], tmp_path / "run")
    with pytest.raises(InputError, match="other questions"):
        run(CASES[6:], [Parrot("p")], tmp_path / "run")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / RESULTS).write_text("my own\n", encoding="utf-8")
    with pytest.raises(InputError, match="no run's"):
        run(CASES, [Parrot("p")], tmp_path / "mine")
    with pytest.raises(InputError, match="holds no evaluation run"):
        load_run(tmp_path / "nothing")


def test_one_folder_is_run_once_at_a_time(tmp_path: Path) -> None:
    class Nosy(Parrot):
        def answer(self, case: Case, cancel: threading.Event) -> Outcome:
            with pytest.raises(StoreLocked):
                run(CASES, [Parrot("p")], tmp_path / "run")
            return super().answer(case, cancel)

    assert run(CASES[:1], [Nosy("p")], tmp_path / "run").missing == {}


def test_a_torn_line_costs_that_line_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    journal.append({"a": 1})
    with journal.path.open("ab") as file:
        file.write(b'{"a": \xec')
    journal.append({"a": 2})
    assert list(journal.rows()) == [{"a": 1}, {"a": 2}]
