"""Every metric there is, ready to be measured: evals/metrics by discovery, the ranking ones at each cutoff.

for metric in suite(embedder):
    rows = [measure(metric, case, outcome) for case, outcome in pairs]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from evals.base import AnyMetric, AtCutoff, Group, NeedsEmbedder
from models.discovery import discover
from models.embedders.base import Embedder

CUTOFFS = (1, 3, 5, 10)


def suite(embedder: Embedder | None = None, cutoffs: Sequence[int] = CUTOFFS) -> list[AnyMetric]:
    """By group, then by name and cutoff. Metrics that compare meanings are left out without an embedder."""
    found = [
        ready for metric in discover("evals.metrics", "METRIC").values() for ready in _ready(metric, embedder, cutoffs)
    ]
    groups = get_args(Group)
    return sorted(found, key=lambda metric: groups.index(metric.group))


def _ready(metric: AnyMetric, embedder: Embedder | None, cutoffs: Sequence[int]) -> Iterator[AnyMetric]:
    if isinstance(metric, AtCutoff):
        yield from (metric.at(k) for k in cutoffs)
    elif isinstance(metric, NeedsEmbedder):
        yield from [metric.using(embedder)] if embedder else []
    else:
        yield metric
