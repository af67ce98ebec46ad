"""The figures of a run: every metric of every system with its interval, and every two systems compared, pair by pair.

summary = summarise_run(load_run(folder))
summary.estimate("local", "correct")            # Estimate(0.80, 0.74, 0.86, 170)
summary.difference("local", "openai", "correct")   # openai - local
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

from evals.base import AnyMetric, Case, Group, Outcome
from evals.judge import JudgeAgreement, Judged, JudgeRecord, judge_record
from evals.judge import to_json as judge_to_json
from evals.run_folder import SUMMARY, Run, write_json
from evals.statistics import Difference, Estimate, Row, difference, estimate, measure, quantile, value_of
from evals.suite import suite
from models.embedders.base import Embedder

GROUPS: tuple[Group, ...] = ("answer", "refusal", "grounding", "retrieval", "cost")
TIMES = ("retrieve", "first_token", "total")
LEADING = "correct"


@dataclass(frozen=True, slots=True)
class Summary:
    """Draws each sample once. metrics: those that apply to at least one case, by group. rows: system -> metric -> a row a case, in the set's order."""

    run: Run
    metrics: Mapping[str, AnyMetric]
    rows: Mapping[str, Mapping[str, Sequence[Row | None]]]
    judge: JudgeRecord | None = None
    _estimates: dict[tuple[str, str, frozenset[str] | None], Estimate] = field(default_factory=dict)
    _differences: dict[tuple[str, str, str], Difference | None] = field(default_factory=dict)

    @property
    def systems(self) -> list[str]:
        return list(self.rows)

    def estimate(self, system: str, metric: str, cases: frozenset[str] | None = None) -> Estimate:
        """Over all cases, or over those with these ids."""
        key = (system, metric, cases)
        if key not in self._estimates:
            chosen = self._chosen(system, metric, cases)
            self._estimates[key] = estimate(self.metrics[metric], chosen, self.run.seed)
        return self._estimates[key]

    def difference(self, a: str, b: str, metric: str) -> Difference | None:
        """b - a over the cases that both have; None where there is none."""
        key = (a, b, metric)
        if key not in self._differences:
            before, after = self.rows[a][metric], self.rows[b][metric]
            self._differences[key] = difference(self.metrics[metric], before, after, self.run.seed)
        return self._differences[key]

    def value(self, system: str, metric: str, case_id: str) -> float | None:
        """One case's own value."""
        return value_of(self.metrics[metric], self._chosen(system, metric, frozenset({case_id})))

    def times(self, system: str, name: str, share: float) -> Estimate:
        """A quantile of milliseconds: retrieve, first_token or total."""
        answers = [o.answer for o in self.run.outcomes[system].values() if o.answer is not None]
        return quantile(
            [a.timings_ms[name] for a in answers if a.timings_ms.get(name) is not None], share, self.run.seed
        )

    def _chosen(self, system: str, metric: str, cases: frozenset[str] | None) -> list[Row | None]:
        rows = self.rows[system][metric]
        if cases is None:
            return list(rows)
        return [row for case, row in zip(self.run.cases, rows, strict=True) if case.id in cases]


def summarise_run(run: Run, embedder: Embedder | None = None) -> Summary:
    """Measures every answer once. embedder: for metrics that compare meanings."""
    found, judge = suite(embedder), judge_record(run)
    if judge:
        judged = Judged(judge.judgements)
        found += [judged, JudgeAgreement(judged)]
    rows = {
        system.name: {metric.name: _rows(metric, run.cases, run.outcomes[system.name]) for metric in found}
        for system in run.systems
    }
    used = [m for m in found if any(row is not None for of in rows.values() for row in of[m.name])]
    used.sort(key=lambda metric: (GROUPS.index(metric.group), metric.name != LEADING))
    return Summary(run, {metric.name: metric for metric in used}, rows, judge)


def _rows(metric: AnyMetric, cases: Sequence[Case], outcomes: Mapping[str, Outcome]) -> list[Row | None]:
    return [measure(metric, case, outcomes[case.id]) if case.id in outcomes else None for case in cases]


def pairs(summary: Summary) -> list[tuple[str, str]]:
    """Every two systems, the one that was named first as the one compared with."""
    return list(combinations(summary.systems, 2))


def to_json(summary: Summary) -> dict[str, Any]:
    """What summary.json holds; figures that do not exist are null, never NaN."""
    run = summary.run
    systems = []
    for record in run.systems:
        figures = {name: asdict(summary.estimate(record.name, name)) for name in summary.metrics}
        times = {
            f"{name}_ms": {
                f"p{round(share * 100)}": asdict(summary.times(record.name, name, share)) for share in (0.5, 0.95)
            }
            for name in TIMES
        }
        systems.append(
            {
                "name": record.name,
                "fingerprint": record.fingerprint,
                "about": dict(record.about),
                "answered": len(run.outcomes[record.name]),
                "missing": run.missing.get(record.name, []),
                "metrics": figures,
                "times": times,
            }
        )
    return {
        "title": run.title,
        "created": run.created,
        "seed": run.seed,
        "questions": len(run.cases),
        "metrics": {n: {"group": m.group, "higher_is_better": m.higher_is_better} for n, m in summary.metrics.items()},
        "judge": judge_to_json(summary.judge) if summary.judge else None,
        "systems": systems,
        "differences": [_pair(summary, a, b) for a, b in pairs(summary)],
    }


def _pair(summary: Summary, a: str, b: str) -> dict[str, Any]:
    found = {name: summary.difference(a, b, name) for name in summary.metrics}
    return {"a": a, "b": b, "metrics": {name: asdict(gap) for name, gap in found.items() if gap is not None}}


def write_summary(summary: Summary) -> dict[str, Any]:
    """Writes summary.json and returns what it holds."""
    values = to_json(summary)
    write_json(summary.run.folder / SUMMARY, values)
    return values
