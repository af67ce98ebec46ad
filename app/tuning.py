"""A search over settings for the collection in use: where it starts, what it may cost, and what its answers come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.ui.i18n import text
from models.errors import InputError

if TYPE_CHECKING:
    from app.wiring import Wiring
    from chains.templates import PromptTemplateText
    from evals.base import Case
    from evals.tuning.answers import Settled
    from evals.tuning.evidence import EvidenceBench
    from evals.tuning.outcome import Tuned
    from evals.tuning.space import Point

Told = Callable[[str, float], None]
LEAST_CASES = 10
ROOM = 1.02  # the clock jitters: what costs two per cent more costs the same


@dataclass(frozen=True, slots=True)
class Wanted:
    """first_token_s: at most; None for what the settings in force take. prompts: techniques to ask with; () asks no model."""

    first_token_s: float | None = None
    prompts: tuple[str, ...] = ()


def tune(wiring: Wiring, cases: Sequence[Case], wanted: Wanted, told: Told) -> Tuned:
    """Searches the evidence, then with a model the prompt and the threshold. Raises InputError, StoreError, BackendError.

    told: (what is worked on, share done). Indexes and drafts stay in HOME/tuning, so that the next search goes on from there.
    """
    from chains.calibration import load
    from evals.relevance import gold_items
    from evals.tuning.evidence import EvidenceBench
    from evals.tuning.outcome import Tuned
    from evals.tuning.search import coordinate_search, cross_validate
    from evals.tuning.space import Measured, Space

    backend = wiring.settings.backend
    templates = [_template(name) for name in wanted.prompts]
    if templates:
        wiring.pool.load(backend)
    rate, start, golden = wiring.pool.reading_rate(backend), starting_point(wiring), [c for c in cases if gold_items(c)]
    space, speed = Space.around(start, [shipped_point()]), wiring.settings.speed
    folder = tuning_dir(wiring) / wiring.settings.collection
    with EvidenceBench(document_paths(wiring), folder, wiring.embedder(), load(), told, speed) as bench:

        @cache
        def measure(point: Point) -> Measured:
            return bench.measure(point, golden, space, rate)

        default = measure(start)
        most = default.cost * ROOM if wanted.first_token_s is None or rate is None else wanted.first_token_s * 1e3
        best = coordinate_search(start, space, measure, np.arange(len(golden)), most)
        validated = cross_validate(start, space, measure, golden, most)
        swept = [replace(point, evidence_tokens=n) for point in (start, best) for n in space.evidence_tokens]
        seen = tuple(measure(point) for point in dict.fromkeys([start, best, *validated.chosen, *swept]))
        settled = _settle(wiring, cases, bench, best, templates, told) if templates else None
    return Tuned(default, measure(best), validated, seen, settled)


def tuning_dir(wiring: Wiring) -> Path:
    """Where a search keeps what it made, and its result unless another place is named."""
    return wiring.home / "tuning"


def starting_point(wiring: Wiring) -> Point:
    """The settings in force, as a point of the search."""
    from chains.budget import budget_for
    from chains.calibration import load
    from chains.rag import POOL
    from evals.tuning.space import Point

    settings = wiring.settings
    budget = budget_for("", settings.speed, wiring.pool.reading_rate(settings.backend))
    return Point(
        chunk_tokens=settings.chunk_tokens,
        chunk_overlap=settings.chunk_overlap,
        dense_weight=load().dense_weight if settings.dense_weight is None else settings.dense_weight,
        evidence_chunks=settings.evidence_chunks or POOL[settings.speed],
        evidence_tokens=settings.evidence_tokens or budget.tokens,
    )


def shipped_point() -> Point:
    """The defaults, whatever the settings in force say; the budget is the search's."""
    from app.settings import Settings
    from chains.calibration import load
    from chains.rag import POOL
    from evals.tuning.space import Point

    fields = Settings.model_fields
    return Point(
        chunk_tokens=fields["chunk_tokens"].default,
        chunk_overlap=fields["chunk_overlap"].default,
        dense_weight=load().dense_weight,
        evidence_chunks=POOL["normal"],
        evidence_tokens=0,
    )


def document_paths(wiring: Wiring) -> list[Path]:
    """Files of the collection, to be cut anew. Raises InputError for one that is gone."""
    paths = [document.path for document in wiring.documents()]
    for path in paths:
        if not path.is_file():
            raise _wrong("cli.tune_gone", path=str(path))
    return paths


def enough(cases: Sequence[Case], path: str) -> None:
    """Raises InputError for a set with too few questions that can be searched on."""
    from evals.relevance import gold_items

    count = sum(bool(gold_items(case)) for case in cases)
    if count < LEAST_CASES:
        raise _wrong("cli.tune_no_gold", path=path, count=count, least=LEAST_CASES)


def _template(name: str) -> PromptTemplateText:
    from chains.templates import find

    template = find(name)
    if template.samples > 1:
        raise _wrong("cli.tune_samples", name=name)
    return template


def _settle(
    wiring: Wiring,
    cases: Sequence[Case],
    bench: EvidenceBench,
    point: Point,
    templates: Sequence[PromptTemplateText],
    told: Told,
) -> Settled:
    from chains.calibration import load
    from chains.templates import find
    from evals.tuning.answers import Asking, judge, kept_drafts, settle

    settings, calibration = wiring.settings, load()
    model, name = wiring.pool.model(settings.backend), wiring.pool.model_name(settings.backend)
    prepared = [(case, bench.prepare(point, case)) for case in cases]
    usual = find(settings.prompt)
    judged = {}
    for template in dict.fromkeys([usual.name, *(one.name for one in templates)]):
        asked = find(template)
        drafts = kept_drafts(bench.folder / "drafts.jsonl", model, f"{name}+{settings.adapter}", asked)
        counted = _Counted(drafts, template, len(prepared), told)
        judged[template] = judge(prepared, asked, counted, bench.preparer(point), calibration)
    threshold = settings.refusal_threshold
    start = Asking(usual.name, calibration.answerable.threshold if threshold is None else threshold)
    return settle(start, judged, cases)


class _Counted:
    """Drafts, with the share that is done told at each."""

    def __init__(self, drafts: Callable[[Any], str], name: str, total: int, told: Told) -> None:
        self._drafts, self._name, self._total, self._told, self._done = drafts, name, total, told, 0

    def __call__(self, prepared: Any) -> str:
        said = self._drafts(prepared)
        self._done += 1
        self._told(self._name, self._done / self._total)
        return said


def _wrong(key: str, **params: Any) -> InputError:
    return InputError(detail=text(key, "en", **params), text_key=key, **params)
