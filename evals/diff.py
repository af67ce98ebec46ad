"""What got better and what got worse between two runs, question by question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals.base import AnyMetric, Case
from evals.run_folder import Run, wrong
from evals.statistics import Difference, difference, measure, value_of


@dataclass(frozen=True, slots=True)
class Change:
    """One question whose value changed. before, after: the metric's values."""

    case: Case
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class RunDiff:
    """One system in the earlier run against one in the later. better, worse: largest change first.

    before: the earlier figure. gap: later - earlier; both over the questions that both answered. dropped: how far the figure went the wrong way; 0 where it did not.
    """

    earlier: str
    later: str
    metric: AnyMetric
    before: float
    gap: Difference
    better: tuple[Change, ...]
    worse: tuple[Change, ...]

    @property
    def dropped(self) -> float:
        return max(0.0, -self.gap.value if self.metric.higher_is_better else self.gap.value)


def diff_runs(earlier: Run, later: Run, metric: AnyMetric) -> list[RunDiff]:
    """A diff for every system of the same name, or for the only one of each run whatever it is called.

    Raises InputError where the runs share no question or no system, or the metric applies to none of their questions.
    """
    questions = {case.id: case.question for case in earlier.cases}
    shared = [case for case in later.cases if questions.get(case.id) == case.question]
    if not shared:
        places = {"a": earlier.folder, "b": later.folder}
        raise wrong("diff_no_question", "{a} and {b} share no question; compare runs over one set", **places)
    found = [_diff(earlier, later, names, metric, shared) for names in _systems(earlier, later)]
    known = [diff for diff in found if diff is not None]
    if not known:
        template = "{metric} applies to no question that both runs answered; choose another --metric"
        raise wrong("diff_no_value", template, metric=metric.name)
    return known


def _systems(earlier: Run, later: Run) -> list[tuple[str, str]]:
    before, after = [s.name for s in earlier.systems], [s.name for s in later.systems]
    same = [(name, name) for name in before if name in after]
    if not same and len(before) == len(after) == 1:
        return [(before[0], after[0])]
    if not same:
        template = "The runs share no system ({a} / {b}); compare runs of the same backends"
        raise wrong("diff_no_system", template, a=", ".join(before), b=", ".join(after))
    return same


def _diff(earlier: Run, later: Run, names: tuple[str, str], metric: AnyMetric, cases: Sequence[Case]) -> RunDiff | None:
    before, after = earlier.outcomes[names[0]], later.outcomes[names[1]]
    both = [case for case in cases if case.id in before and case.id in after]
    rows = [(measure(metric, case, before[case.id]), measure(metric, case, after[case.id])) for case in both]
    gap = difference(metric, [a for a, _ in rows], [b for _, b in rows], later.seed)
    paired = [a for a, b in rows if a is not None and b is not None]
    before_value = value_of(metric, paired)
    if gap is None or before_value is None:
        return None
    values = [(case, value_of(metric, [a]), value_of(metric, [b])) for case, (a, b) in zip(both, rows, strict=True)]
    changes = [Change(case, a, b) for case, a, b in values if a is not None and b is not None and a != b]
    changes.sort(key=lambda change: -abs(change.after - change.before))
    up = [change for change in changes if change.after > change.before]
    down = [change for change in changes if change.after < change.before]
    better, worse = (up, down) if metric.higher_is_better else (down, up)
    return RunDiff(names[0], names[1], metric, before_value, gap, tuple(better), tuple(worse))
