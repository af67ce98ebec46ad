"""Asks every system every question of a set, keeps each answer the moment it comes, and ends in a report.

    run(cases, [EngineSystem(…), …], Path("runs/monday"), progress=print)

A killed run goes on where it was when it is started again on the same folder. Equal questions to systems with equal
fingerprints are answered once for all runs that share a cache. Systems of one worker (local models) take turns, so that
they do not slow each other; the others run beside them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from evals.base import Case, Outcome
from evals.journal import Journal
from evals.outcomes import from_json, to_json
from evals.run_folder import RESULTS, Run, begin, load_run, row_of, wrong
from evals.systems import System
from ingest.lock import WriterLock
from models.embedders.base import Embedder
from models.errors import (
    BackendRefusedKey,
    ContextTooLong,
    CourseMateError,
    MissingError,
    SafetyBlocked,
    WeightsError,
)

HOPELESS = (BackendRefusedKey, MissingError, WeightsError)  # the next question would fail alike
ONE_QUESTION = (SafetyBlocked, ContextTooLong)  # says nothing about the next question
MOST_FAILURES = 3  # in a row, then the system is left alone until the run is started again


class Grader(Protocol):
    """What grades a run when its answers are there, see evals/judge.py."""

    def grade(self, run: Run, cancel: threading.Event) -> None:
        """Keeps its grades in the run's folder."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Where a run is. system: the one that has just answered. done, total, failed: answers of all systems together; what a
    given-up system leaves unasked counts as failed. eta_s: seconds until the run's end; None while there is nothing to go by.
    """

    system: str
    done: int
    total: int
    failed: int
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """seed: of the resampling. cache: folder shared by runs; None for none. again: ask what the cache holds, too.

    judge: grades the answers when they are there. embedder: for metrics that compare meanings; they are left out without.
    title, language: of the report.
    """

    seed: int = 0
    cache: Path | None = None
    again: bool = False
    judge: Grader | None = None
    embedder: Embedder | None = None
    title: str = ""
    language: Literal["ko", "en"] = "ko"


def run(
    cases: Sequence[Case],
    systems: Sequence[System],
    folder: Path,
    progress: Callable[[RunProgress], None] | None = None,
    cancel: threading.Event | None = None,
    options: RunOptions | None = None,
) -> Run:
    """The run with everything that could be answered; `missing` names the rest, which the same call asks next time.

    Blocks; setting `cancel` from another thread ends it with what is there. Raises InputError for an empty set, equal names,
    or a folder that holds something else; StoreLocked where another process runs in it; DiskFull.
    """
    _check(cases, systems)
    options, cancel = options or RunOptions(), cancel or threading.Event()
    folder.mkdir(parents=True, exist_ok=True)
    with WriterLock(folder):
        begun = begin(folder, cases, systems, options.seed, options.title)
        works = [_Work(system, begun, options, cancel) for system in systems]
        meter = _Meter(works, progress or (lambda _: None))
        _ask_all(works, meter, cancel)
        return _conclude(load_run(folder), options, cancel)


def _check(cases: Sequence[Case], systems: Sequence[System]) -> None:
    if not cases:
        raise wrong("run_empty", "The question set is empty; give one with at least one question")
    names = [system.name for system in systems]
    if not names or len(set(names)) < len(names):
        template = "Systems must have names of their own, and there must be one ({names}); give each another name"
        raise wrong("run_names", template, names=", ".join(names))


def _conclude(finished: Run, options: RunOptions, cancel: threading.Event) -> Run:
    """Judges and reports."""
    from evals.report import write_report

    if options.judge is not None:
        options.judge.grade(finished, cancel)
    write_report(finished.folder, options.language, options.embedder)
    return finished


def _ask_all(works: Sequence[_Work], meter: _Meter, cancel: threading.Event) -> None:
    """Every system's questions; an interrupted caller stops the threads before it leaves."""
    with ThreadPoolExecutor(len(meter.lanes)) as pool:
        lanes = [pool.submit(_walk, lane, meter) for lane in meter.lanes]
        whole = False
        try:
            for lane in lanes:
                lane.result()
            whole = True
        finally:
            if not whole:
                cancel.set()


def _walk(lane: Sequence[_Work], meter: _Meter) -> None:
    for work in lane:
        try:
            work.finish(meter)
        finally:
            work.system.close()


class _Work:
    """One system's questions. Thread-safe."""

    def __init__(self, system: System, begun: Run, options: RunOptions, cancel: threading.Event) -> None:
        self.system, self._cancel = system, cancel
        self._results = Journal(begun.folder / RESULTS)
        self._cache = Journal(options.cache / f"{system.fingerprint}.jsonl") if options.cache else None
        have = begun.outcomes[system.name]
        self.pending = [case for case in begun.cases if case.id not in have]
        self.kept, self.fresh, self.failed, self.spent_s = len(have), 0, 0, 0.0
        self._again, self._in_a_row = options.again, 0
        self.given_up = False
        self._lock = threading.Lock()

    def finish(self, meter: _Meter) -> None:
        """Asks what is pending, `workers` questions at once."""
        self._take_from_cache(meter)
        queue = iter(list(self.pending))
        with ThreadPoolExecutor(max(1, self.system.workers)) as pool:
            for worker in [pool.submit(self._ask_from, queue, meter) for _ in range(max(1, self.system.workers))]:
                worker.result()

    def _take_from_cache(self, meter: _Meter) -> None:
        if self._cache is None or self._again or not self.pending:
            return
        known = {row["question"]: row["outcome"] for row in self._cache.rows() if "outcome" in row}
        for case in [case for case in self.pending if case.question in known]:
            self._results.append(row_of(case, self.system, from_json(known[case.question])))
            self.pending.remove(case)
            self.kept += 1
            meter.tell(self)

    def _ask_from(self, queue: Iterator[Case], meter: _Meter) -> None:
        while not self._cancel.is_set() and not self.given_up:
            with self._lock:
                case = next(queue, None)
            if case is None:
                return
            started = time.monotonic()
            try:
                outcome = self.system.answer(case, self._cancel)
            except CourseMateError as error:
                self._note_failure(case, error)
            else:
                if self._cancel.is_set() and (outcome.answer is None or outcome.answer.stopped):
                    return
                self._note(case, outcome, time.monotonic() - started)
            meter.tell(self)

    def _note(self, case: Case, outcome: Outcome, spent_s: float) -> None:
        self._results.append(row_of(case, self.system, outcome))
        if self._cache is not None:
            self._cache.append({"question": case.question, "outcome": to_json(outcome)})
        with self._lock:
            self.spent_s += spent_s if self.fresh else 0.0
            self.fresh, self._in_a_row = self.fresh + 1, 0

    def _note_failure(self, case: Case, error: CourseMateError) -> None:
        self._results.append(row_of(case, self.system, None, error))
        with self._lock:
            self.failed += 1
            self._in_a_row += not isinstance(error, ONE_QUESTION)
            self.given_up = isinstance(error, HOPELESS) or self._in_a_row >= MOST_FAILURES

    @property
    def left(self) -> int:
        """Questions that will still be asked."""
        return 0 if self.given_up else len(self.pending) - self.fresh - self.failed

    @property
    def lost(self) -> int:
        return len(self.pending) - self.fresh if self.given_up else self.failed

    @property
    def answer_s(self) -> float | None:
        """Seconds for one more answer, on average; None before the second: the first waits for models and indexes to load."""
        return self.spent_s / (self.fresh - 1) / max(1, self.system.workers) if self.fresh > 1 else None


@dataclass(slots=True)
class _Meter:
    """Tells how far all systems are."""

    works: Sequence[_Work]
    listener: Callable[[RunProgress], None]
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lanes(self) -> list[list[_Work]]:
        """Systems of one worker share a lane, each of the others has its own."""
        alone = [work for work in self.works if work.system.workers <= 1]
        return ([alone] if alone else []) + [[work] for work in self.works if work.system.workers > 1]

    def tell(self, work: _Work) -> None:
        """One caller at a time, so that counts never run backwards before the listener's eyes."""
        with self.lock:
            done = sum(w.kept + w.fresh for w in self.works)
            total = sum(w.kept + len(w.pending) for w in self.works)
            lost = sum(w.lost for w in self.works)
            self.listener(RunProgress(work.system.name, done, total, lost, self._eta_s()))

    def _eta_s(self) -> float | None:
        times = [_left_s(lane) for lane in self.lanes]
        known = [t for t in times if t is not None]
        return max(known) if len(known) == len(times) else None


def _left_s(lane: Sequence[_Work]) -> float | None:
    """Seconds until a lane is through; a system that has not begun is taken to be as fast as those before it."""
    measured = [work.answer_s for work in lane if work.answer_s is not None]
    usual = sum(measured) / len(measured) if measured else None
    total = 0.0
    for work in lane:
        if work.left:
            each = work.answer_s if work.answer_s is not None else usual
            if each is None:
                return None
            total += each * work.left
    return total


def failures_of(run: Run) -> Mapping[str, list[tuple[str, list[str]]]]:
    """System -> (reason, case ids) for what is missing; the reason is "" for questions that were not asked."""
    told: dict[str, list[tuple[str, list[str]]]] = {}
    for system, ids in run.missing.items():
        by_reason: dict[str, list[str]] = {}
        for case_id in ids:
            by_reason.setdefault(run.failures[system].get(case_id, ""), []).append(case_id)
        told[system] = list(by_reason.items())
    return told
