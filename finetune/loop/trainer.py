"""transformers' Trainer with what fine-tuning on two cores needs: logits where there is a label, checkpoints whole or absent.

Everything else (accumulation, clipping, schedule, mixed precision, resuming) is the Trainer's own.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import cross_entropy
from transformers import Trainer, TrainingArguments

from finetune.base import IGNORED
from finetune.checkpoints import CHECKPOINTS, DRAFT, STATE, WEIGHTS, settle
from finetune.loop.batches import Batch, padded, rounded
from finetune.recipe import Recipe


def loss_of(model: Module, ids: Tensor, labels: Tensor) -> tuple[Tensor, int]:
    """Summed cross entropy over the tokens with a label, and how many those are. ids, labels: (B, T).

    The vocabulary is by far the widest layer: logits are computed only for positions some row is asked at, counted from
    the end, since soft prompts lengthen the beginning. Their number is rounded up as lengths are (batches.py).
    """
    targets = labels[:, 1:]  # (B, T - 1): position t predicts token t + 1
    wanted = (targets != IGNORED).any(dim=0)  # (T - 1,)
    kept = wanted.int().argsort(descending=True)[: rounded(int(wanted.sum()))].sort().values  # (K,)
    logits = model(input_ids=ids, logits_to_keep=kept - ids.shape[1], use_cache=False).logits  # (B, K, V)
    kept_targets = targets[:, kept]  # (B, K)
    asked = kept_targets != IGNORED
    loss = cross_entropy(logits[asked].float(), kept_targets[asked], reduction="sum")  # (N, V), (N,)
    return loss, int(asked.sum())


@torch.no_grad()
def mean_loss(model: Module, batches: Sequence[dict[str, Tensor]]) -> float:
    """Mean over all labelled tokens; the model's mode stays as it was."""
    training, total, count = model.training, 0.0, 0
    device = next(model.parameters()).device
    model.eval()
    for batch in batches:
        loss, asked = loss_of(model, batch["input_ids"].to(device), batch["labels"].to(device))
        total, count = total + loss.item(), count + asked
    model.train(training)
    return total / max(1, count)


def rate(step: int, steps: int, recipe: Recipe) -> float:
    """Share of the learning rate in the step that follows `step` others: rises in the warm-up, then goes down to 0."""
    warm = math.ceil(recipe.warmup * steps)
    if step < warm:
        return (step + 1) / (warm + 1)
    done = (step - warm) / max(1, steps - warm)
    shares = {"cosine": (1 + math.cos(math.pi * done)) / 2, "linear": 1 - done, "constant": 1.0}
    return shares[recipe.schedule]


class BenchTrainer(Trainer):
    """train_dataset: the batches in order, see finetune/loop/batches.py."""

    def __init__(
        self, model: Module, args: TrainingArguments, recipe: Recipe, batches: list[Batch], pad: int, **kwargs: Any
    ) -> None:
        super().__init__(
            model=model,
            args=args,
            train_dataset=batches,
            data_collator=lambda one: padded(one[0], pad),
            **kwargs,
        )
        self._recipe = recipe
        self.model_accepts_loss_kwargs = True  # counts the labels of a whole step
        self.loss_is_scaled_for_ga = True

    def compute_loss(
        self, model: Module, inputs: dict[str, Tensor], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Mean over the labels of the whole step, so that accumulated batches weigh as one large batch would."""
        loss, count = loss_of(model, inputs["input_ids"], inputs["labels"])
        return loss / (count if num_items_in_batch is None else num_items_in_batch)

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Done by the reporter, which knows the validation part; the Trainer only passes on when."""
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, {})
        return {}

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """The recipe's own, see `rate`; transformers' would spend the first step at 0."""
        if self.lr_scheduler is None:
            share = partial(rate, steps=num_training_steps, recipe=self._recipe)
            updates: Any = optimizer or self.optimizer
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(updates, share)
        return self.lr_scheduler

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Not counted: nobody reads it."""
        return 0

    def _save_checkpoint(self, model: Module, trial: Any) -> None:
        """Written as a draft beside the others, then renamed: a kill leaves a whole checkpoint or none."""
        folder = Path(str(self.args.output_dir)) / CHECKPOINTS
        draft = folder / DRAFT
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        self._save(str(draft))
        self._save_optimizer_and_scheduler(str(draft))
        self._save_rng_state(str(draft))
        self.state.save_to_json(str(draft / STATE))
        settle(draft, folder, self.state.global_step)

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        """Only what learns: the rest is the base."""
        learning = {name: weight.detach().contiguous() for name, weight in trainable(self.model)}
        save_file(learning, Path(str(output_dir)) / WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Module | None = None) -> None:
        """Raises RuntimeError where the checkpoint was made with another method or other options."""
        stored = load_file(Path(resume_from_checkpoint) / WEIGHTS)
        learning = dict(trainable(self.model))
        if stored.keys() != learning.keys():
            raise RuntimeError(f"{resume_from_checkpoint} holds other weights than this recipe trains")
        with torch.no_grad():
            for name, weight in learning.items():
                weight.copy_(stored[name])


def trainable(model: Any) -> list[tuple[str, Tensor]]:
    """Parameters that learn, by name."""
    return [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
