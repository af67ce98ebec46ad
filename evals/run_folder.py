"""The folder of a run: what was asked of whom, and what came back, line by line.

run.json         title, seed, cases, systems with their fingerprints
results.jsonl    a line an answer or failure, appended as they come; the last one of a case and system counts
judgements.jsonl the judge's, where there is one
summary.json, report.html, report.md    made of these when the run ends
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.base import Case, Outcome
from evals.journal import Journal
from evals.outcomes import case_from_json, case_to_json, from_json, to_json
from evals.systems import System
from models.errors import CourseMateError, InputError
from models.files import write_atomic

VERSION = 1
MANIFEST, RESULTS, JUDGEMENTS = "run.json", "results.jsonl", "judgements.jsonl"
SUMMARY, REPORT, TABLE = "summary.json", "report.html", "report.md"


@dataclass(frozen=True, slots=True)
class SystemRecord:
    """A system as the run remembers it."""

    name: str
    fingerprint: str
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """What a folder holds. outcomes: system -> case id -> outcome. failures: system -> case id -> the reason, in English.

    missing: what was not answered, asked or not.
    """

    folder: Path
    title: str
    created: str
    seed: int
    cases: tuple[Case, ...]
    systems: tuple[SystemRecord, ...]
    outcomes: Mapping[str, Mapping[str, Outcome]]
    failures: Mapping[str, Mapping[str, str]]

    @property
    def missing(self) -> dict[str, list[str]]:
        """System -> ids of the cases without an outcome, in the set's order; systems with all of them are left out."""
        left = {s.name: [c.id for c in self.cases if c.id not in self.outcomes[s.name]] for s in self.systems}
        return {name: ids for name, ids in left.items() if ids}

    @property
    def summary(self) -> dict[str, Any]:
        """The figures of summary.json; {} before they were made."""
        path = self.folder / SUMMARY
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return values


def load_run(folder: Path) -> Run:
    """Raises InputError where the folder holds no run."""
    manifest = _manifest(folder)
    if manifest is None:
        raise wrong(
            "run_none", "{folder} holds no evaluation run; give the --out folder of `coursemate eval`", folder=folder
        )
    systems = tuple(SystemRecord(s["name"], s["fingerprint"], s.get("about", {})) for s in manifest["systems"])
    cases = tuple(case_from_json(values) for values in manifest["cases"])
    outcomes: dict[str, dict[str, Outcome]] = {system.name: {} for system in systems}
    failures: dict[str, dict[str, str]] = {system.name: {} for system in systems}
    for row in _valid_rows(folder, cases, systems):
        if row["outcome"] is None:
            failures[row["system"]][row["case"]] = row["error"]
        else:
            outcomes[row["system"]][row["case"]] = from_json(row["outcome"])
            failures[row["system"]].pop(row["case"], None)
    return Run(folder, manifest["title"], manifest["created"], manifest["seed"], cases, systems, outcomes, failures)


def begin(folder: Path, cases: Sequence[Case], systems: Sequence[System], seed: int, title: str) -> Run:
    """Makes the folder of a run, or goes on with the run it holds: answers to the same questions are kept, also those of
    systems that are not asked this time. Raises InputError where the folder is another run's or somebody else's.
    """
    earlier = _manifest(folder)
    if earlier is None and (folder / RESULTS).exists():
        raise wrong(
            "run_foreign",
            "{folder} has a {file} that is no run's; choose another --out folder",
            folder=folder,
            file=RESULTS,
        )
    if earlier and not {c["question"] for c in earlier["cases"]} & {case.question for case in cases}:
        raise wrong(
            "run_other_questions",
            "{folder} holds a run over other questions; choose another --out folder",
            folder=folder,
        )
    asked = [SystemRecord(s.name, s.fingerprint, dict(s.about)) for s in systems]
    kept = [s for s in (earlier["systems"] if earlier else []) if s["name"] not in {a.name for a in asked}]
    records = [SystemRecord(**s) for s in kept] + asked
    manifest = {
        "v": VERSION,
        "title": title,
        "created": earlier["created"] if earlier else datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "cases": [case_to_json(case) for case in cases],
        "systems": [{"name": r.name, "fingerprint": r.fingerprint, "about": dict(r.about)} for r in records],
    }
    rows = list(_valid_rows(folder, cases, records)) if earlier else []
    Journal(folder / RESULTS).replace(row for row in rows if row["outcome"] is not None)
    write_json(folder / MANIFEST, manifest)
    return load_run(folder)


def row_of(case: Case, system: System, outcome: Outcome | None, error: CourseMateError | None = None) -> dict[str, Any]:
    """One line of results.jsonl."""
    return {
        "case": case.id,
        "question": case.question,
        "system": system.name,
        "fingerprint": system.fingerprint,
        "outcome": None if outcome is None else to_json(outcome),
        "error": None if error is None else str(error),
    }


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Indented, in one step."""
    write_atomic(path, json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n")


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(folder, str(error)) from error
    if not isinstance(manifest, dict) or manifest.get("v") != VERSION:
        raise _unreadable(folder, f"not version {VERSION}")
    return manifest


def _valid_rows(folder: Path, cases: Sequence[Case], systems: Sequence[SystemRecord]) -> Iterator[dict[str, Any]]:
    """Rows of these very questions and systems; an edited question or a changed system makes its old rows invalid."""
    questions = {case.id: case.question for case in cases}
    fingerprints = {system.name: system.fingerprint for system in systems}
    for row in Journal(folder / RESULTS).rows():
        known = questions.get(row.get("case", "")) == row.get("question", "")
        if known and fingerprints.get(row.get("system", "")) == row.get("fingerprint", ""):
            yield row


def _unreadable(folder: Path, why: str) -> InputError:
    return wrong(
        "run_unreadable", "{file} cannot be read ({why}); choose another --out folder", file=folder / MANIFEST, why=why
    )


def wrong(key: str, template: str, **params: object) -> InputError:
    """An InputError in English whose Korean is the text `cli.<key>`."""
    shown = {name: str(value) for name, value in params.items()}
    return InputError(detail=template.format(**shown), text_key=f"cli.{key}", **shown)
