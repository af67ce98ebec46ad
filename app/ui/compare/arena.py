"""What the sections of the tab share, one for all pages of a home: rounds, votes, templates, batches and what runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from app.batches import Batches, Listener, Plan
from app.rounds import Rounds
from app.templates import Templates
from app.ui.i18n import Language
from app.ui.sessions import Sessions
from app.votes import Votes

if TYPE_CHECKING:
    from app.ui.context import AppContext
    from evals.base import Case


@dataclass(frozen=True, slots=True)
class Arena:
    """sessions: the comparison that each open page waits for; trials: the one of its prompt lab."""

    rounds: Rounds
    votes: Votes
    templates: Templates
    batches: Batches
    sessions: Sessions = field(default_factory=Sessions)
    trials: Sessions = field(default_factory=Sessions)


def open_arena(context: AppContext) -> Arena:
    """The arena of a home; batches that were cut off go on. Raises StoreError, DiskFull."""
    home = context.home

    def work(plan: Plan, cases: Sequence[Case], folder: Path, progress: Listener, cancel: threading.Event) -> None:
        evaluate(context, plan, cases, folder, progress, cancel)

    return Arena(
        Rounds(home / "rounds.sqlite"),
        Votes(home / "votes.sqlite"),
        Templates(home / "prompts"),
        Batches(home / "runs", work),
    )


def evaluate(
    context: AppContext, plan: Plan, cases: Sequence[Case], folder: Path, progress: Listener, cancel: threading.Event
) -> None:
    """Runs a batch as `coursemate eval` does, with the same cache. Raises CourseMateError."""
    from app.evaluation import cache_dir, retrieval, systems
    from chains.compare import Contender
    from chains.templates import PromptTemplateText
    from evals.run import RunOptions, run

    context.engine()  # waits until the application is there
    wiring: Any = cast("Any", context)
    contenders = [
        Contender(asked.backend, template=PromptTemplateText.from_dict(asked.template), adapter=asked.adapter)
        for asked in plan.systems
    ]
    chosen = systems(wiring, contenders)
    if plan.retrieval:
        chosen = [retrieval(wiring), *chosen]
    language: Language = "en" if plan.language == "en" else "ko"
    options = RunOptions(cache=cache_dir(wiring), title=plan.title, language=language, embedder=wiring.embedder())
    run(cases, chosen, folder, progress, cancel, options)
