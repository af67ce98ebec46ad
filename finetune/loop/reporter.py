"""What is told and decided between two steps: the journal, validation, forgetting, checkpoints, and when a run ends.

Everything that must survive a kill is read back from the journal: the best loss so far, the validations without a better one, and
the time spent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torch import Tensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetune import checkpoints
from finetune.base import Event
from finetune.journal import Journal
from finetune.loop.batches import Batch
from finetune.loop.trainer import mean_loss
from finetune.recipe import Recipe
from finetune.watch import Watch, answers
from models.errors import InputError

Reason = Literal["stopped", "wall_clock", "early", "all_steps"]


@dataclass
class Progress:
    """Of the whole run, over kills and resumes."""

    seconds_before: float = 0.0
    best: float = float("inf")
    worse: int = 0  # validations in a row that were not better
    base_loss: float | None = None  # on the texts of watch.toml, before the first step
    last: dict[str, float] = field(default_factory=dict)  # latest figure by name

    @classmethod
    def of(cls, events: Sequence[Event]) -> Progress:
        """As the journal tells it."""
        progress = cls()
        for event in events:
            progress.take(event)
        return progress

    def take(self, event: Event) -> bool:
        """Counts one event in; True for a validation better than all before."""
        values = event.values
        if event.kind == "step":
            self.seconds_before = values.get("seconds") or self.seconds_before
            self.last["train_loss"] = values["loss"]
        if event.kind == "forgetting":
            self.base_loss = values["base_loss"]
            self.last |= {"forgetting_loss": values["loss"], "forgetting_base_loss": values["base_loss"]}
            self.last |= {"probes_right": values["probes_right"]}
        if event.kind != "validation":
            return False
        self.last["validation_loss"] = values["loss"]
        better = values["loss"] is not None and values["loss"] < self.best
        self.best, self.worse = (values["loss"], 0) if better else (self.best, self.worse + 1)
        return better


@dataclass
class Duties:
    """What a reporter works with. validation: batches, [] for none; keep_best: called when a validation is the best so far;
    stop: the flag file that asks for the end; autocast: makes the context in which the model computes as it does while training."""

    recipe: Recipe
    journal: Journal
    checkpoints: Path
    stop: Path
    batches: Sequence[Batch]
    validation: Sequence[dict[str, Tensor]]
    tokenizer: Any
    keep_best: Callable[[], None]
    autocast: Callable[[], AbstractContextManager[Any]]
    progress: Progress


class Reporter(TrainerCallback):
    """Tells the Trainer when to validate, save and end; see the module."""

    def __init__(self, duties: Duties) -> None:
        self._do = duties
        self._watch = Watch.read()
        self._began = self._went = self._stepped = time.monotonic()  # the process, its first step, the step in hand
        self._before, self._first_step, self._step_s = 0.0, 0, 0.0
        self.reason: Reason = "all_steps"

    @property
    def seconds(self) -> float:
        """Spent so far, in this process and those before it."""
        return self._before + time.monotonic() - self._began

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._before = self._do.progress.seconds_before
        self._began = time.monotonic()
        self._first_step = state.global_step
        if self._do.progress.base_loss is None:
            self._look(state.global_step, kwargs["model"])
            self._ask(state.global_step, kwargs["model"])
        self._went = time.monotonic()

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._stepped = time.monotonic()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        recipe, step, model = self._do.recipe, state.global_step, kwargs["model"]
        self._step_s = time.monotonic() - self._stepped
        last = step >= state.max_steps or self._ends()
        stopped = self.reason == "stopped"
        control.should_training_stop = last
        control.should_save = last or step % recipe.save_every == 0
        control.should_evaluate = (
            bool(self._do.validation) and not stopped and (last or _due(step, recipe.validate_every))
        )
        if not stopped and (last or _due(step, recipe.watch_every)):
            self._look(step, model)
        if not stopped and (last or _due(step, recipe.ask_every)):
            self._ask(step, model)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Raises InputError where the loss is no number any more: every later step would be lost."""
        if not logs or "loss" not in logs:
            return
        step = state.global_step
        done = step - self._first_step
        left_s = (time.monotonic() - self._went) / max(1, done) * (state.max_steps - step)
        self._tell(
            "step",
            step,
            loss=logs["loss"],
            learning_rate=logs["learning_rate"],
            gradient_norm=logs.get("grad_norm"),
            tokens_per_s=round(self._tokens(step) / self._step_s, 1),
            left_s=round(left_s, 1),
            seconds=round(self.seconds, 1),
        )
        if logs["loss"] != logs["loss"]:
            detail = f"the loss is no number any more at step {step}: lower learning_rate (it is {self._do.recipe.learning_rate:g})"
            raise InputError(detail=detail, text_key="finetune.diverged", step=step)

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        with self._do.autocast():
            loss = mean_loss(kwargs["model"], self._do.validation)
        better = self._tell("validation", state.global_step, loss=loss)
        if better:
            self._do.keep_best()
        patience = self._do.recipe.early_stop
        if patience and self._do.progress.worse >= patience:
            self.reason = "early" if self.reason == "all_steps" else self.reason
            control.should_training_stop = control.should_save = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        checkpoints.thin(self._do.checkpoints, self._do.recipe.keep)
        self._tell("saved", state.global_step, checkpoint=f"step-{state.global_step}")

    def _ends(self) -> bool:
        """Whether somebody, or the clock, wants the end; notes why."""
        limit_s = self._do.recipe.wall_clock_min * 60
        if self._do.stop.exists():
            self.reason = "stopped"
        elif limit_s and self.seconds >= limit_s:
            self.reason = "wall_clock"
        return self.reason != "all_steps"

    def _look(self, step: int, model: Any) -> None:
        with self._do.autocast():
            found = self._watch.measure(model, self._do.tokenizer, going=lambda: not self._do.stop.exists())
        if found:
            base = found.loss if self._do.progress.base_loss is None else self._do.progress.base_loss
            rest = {"probes_right": found.probes_right, "probes": found.probes}
            self._tell("forgetting", step, loss=found.loss, base_loss=base, **rest)

    def _ask(self, step: int, model: Any) -> None:
        with self._do.autocast():
            for question, answer in answers(model, self._do.tokenizer, self._do.recipe.questions):
                self._tell("said", step, question=question, answer=answer)
                if self._do.stop.exists():
                    return

    def _tokens(self, step: int) -> int:
        """Computed in this step, padding left out."""
        size = self._do.recipe.accumulation
        return sum(len(row.ids) for batch in self._do.batches[(step - 1) * size : step * size] for row in batch)

    def _tell(self, kind: Any, step: int, **values: Any) -> bool:
        event = Event.now(kind, step, **values)
        self._do.journal.write(event)
        return self._do.progress.take(event)


def _due(step: int, every: int) -> bool:
    return bool(every) and step % every == 0
