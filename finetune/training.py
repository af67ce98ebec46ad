"""One run, start to end, in the process it is called in: recipe and data in, journal, checkpoints and result out.

finetune/worker.py calls `train` in a process of its own; finetune/runs.py starts and watches that. The loop is transformers'
Trainer (finetune/loop/trainer.py), the same for every method.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune import checkpoints
from finetune.base import Event, Made, Method
from finetune.base_model import Base, load_model, load_tokenizer, locate, padding_id, require_libraries
from finetune.checkpoints import CHECKPOINTS
from finetune.data.store import Datasets
from finetune.journal import FILE, Journal
from finetune.recipe import Recipe, methods
from models.errors import InputError, MissingError
from models.fetch import WeightsStore

log = logging.getLogger(__name__)

STOP, BEST, RESULT = "stop", "best", "result"


@dataclass(frozen=True, slots=True)
class Work:
    """A run to do. folder: HOME/finetune/runs/<run>."""

    folder: Path
    home: Path
    weights_dir: Path
    recipe: Recipe

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / FILE)

    @property
    def stop(self) -> Path:
        return self.folder / STOP


@dataclass(slots=True)
class Bench:
    """Everything loaded: the model as the method prepared it, and the examples as tokens. too_long: examples left out."""

    method: Method
    base: Base
    model: Any
    tokenizer: Any
    pad: int
    bf16: bool
    train: list[Any]
    validation: list[Any]
    too_long: int
    data_sha256: str

    def autocast(self) -> Any:
        """The context in which matrices are multiplied in the run's precision."""
        import torch

        return torch.autocast(self.model.device.type, torch.bfloat16, enabled=self.bf16)


def assemble(work: Work) -> Bench:
    """Loads base and data and prepares the model. Raises InputError, MissingError, WeightsError, DiskFull."""
    require_libraries()
    import torch
    from transformers import set_seed

    from finetune.loop.batches import encoded

    recipe = work.recipe
    check_reporting(recipe)
    method = methods()[recipe.method]
    dataset = Datasets(work.home).find(recipe.data)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    base = locate(recipe.base, work.home, WeightsStore(work.weights_dir))
    tokenizer = load_tokenizer(base)
    train, too_long = encoded(dataset.examples("train"), tokenizer, recipe.max_tokens)
    validation, _ = encoded(dataset.examples("validation")[: recipe.validation_examples], tokenizer, recipe.max_tokens)
    if not train:
        detail = f"the dataset {recipe.data} has no examples to train on: make it again with more documents"
        raise InputError(detail=detail, text_key="finetune.no_examples", name=recipe.data)
    bf16 = in_bf16(recipe)
    set_seed(recipe.seed)
    model = load_model(base, torch.bfloat16 if bf16 else torch.float32, **method.loading())
    model = method.prepare(model, recipe)
    pad, sha256 = padding_id(tokenizer), dataset.about.sha256
    return Bench(method, base, model, tokenizer, pad, bf16, train, validation, too_long, sha256)


def in_bf16(recipe: Recipe) -> bool:
    """Whether this machine shall compute in bfloat16. Raises InputError where the recipe wants it and it cannot."""
    import torch

    if recipe.precision == "fp32":
        return False
    if torch.cuda.is_available():
        able = torch.cuda.is_bf16_supported()
    else:
        able = not torch.backends.mps.is_available() and torch.cpu._is_avx512_bf16_supported()
    if recipe.precision == "bf16" and not able:
        detail = "precision=bf16 needs a processor or GPU with bfloat16: write precision: auto in the recipe"
        raise InputError(detail=detail, text_key="finetune.no_bf16")
    return bool(able)


def check_reporting(recipe: Recipe) -> None:
    """Raises MissingError where the recipe reports to something that is not installed."""
    from importlib.util import find_spec

    if recipe.report_to and not find_spec(recipe.report_to):
        raise MissingError(what=f"report_to={recipe.report_to}", fix=f"run `pip install {recipe.report_to}`")


def train(work: Work) -> None:
    """Trains, from the newest checkpoint where there is one; ends with `result/` and the journal's last event.

    Raises what `assemble` raises, and InputError where the loss diverges. A kill at any line leaves a run that goes on.
    """
    from peft.helpers import disable_input_dtype_casting

    from finetune.loop.batches import cut, padded, planned
    from finetune.loop.reporter import Duties, Progress, Reporter
    from finetune.loop.trainer import BenchTrainer

    for name in (BEST, RESULT):
        _mend(work.folder / name)
    bench, recipe = assemble(work), work.recipe
    batches = planned(bench.train, recipe)
    resumed = checkpoints.newest(work.folder / CHECKPOINTS)
    _begin(work, bench, len(batches) // recipe.accumulation, resumed)
    progress = Progress.of(work.journal.events())
    duties = Duties(
        recipe=recipe,
        journal=work.journal,
        checkpoints=work.folder / CHECKPOINTS,
        stop=work.stop,
        batches=batches,
        validation=[padded(batch, bench.pad) for batch in cut(bench.validation, recipe.batch_tokens)]
        if recipe.validate_every
        else [],
        tokenizer=bench.tokenizer,
        keep_best=lambda: _keep(work, bench, work.folder / BEST, progress.last, 0),
        autocast=bench.autocast,
        progress=progress,
    )
    reporter = Reporter(duties)
    settings = arguments(work, bench, len(batches))
    trainer = BenchTrainer(bench.model, settings, recipe, batches, bench.pad, callbacks=[reporter])
    _silence(trainer)
    with disable_input_dtype_casting(bench.model, active=bench.bf16):
        trainer.train(resume_from_checkpoint=str(resumed[1]) if resumed else None)
    step = trainer.state.global_step
    _finish(work, bench, reporter.reason, progress, step)
    kind: Any = "stopped" if reporter.reason == "stopped" else "ended"
    work.journal.write(Event.now(kind, step, reason=reporter.reason, seconds=round(reporter.seconds, 1), result=True))


def arguments(work: Work, bench: Bench, batches: int) -> Any:
    """The recipe in the Trainer's words. Saving and validating are the reporter's to decide."""
    import torch
    from transformers import TrainingArguments

    recipe = work.recipe
    steps = batches // recipe.accumulation
    made = TrainingArguments(
        output_dir=str(work.folder),
        max_steps=steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=recipe.accumulation,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.clip,
        seed=recipe.seed,
        bf16=bench.bf16,
        activation_checkpointing=recipe.checkpointing,
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_strategy="no",
        save_strategy="no",
        report_to=recipe.report_to or "none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
        remove_unused_columns=False,
        train_sampling_strategy="sequential",
        use_cpu=not (torch.cuda.is_available() or torch.backends.mps.is_available()),
    )
    made._n_gpu = min(1, made.n_gpu)  # one GPU: a batch here is one item, which DataParallel cannot share out
    return made


def _silence(trainer: Any) -> None:
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def _begin(work: Work, bench: Bench, steps: int, resumed: tuple[int, Path] | None) -> None:
    """The first line of the journal, or the line from which it goes on."""
    import os

    if resumed:
        work.journal.write(Event.now("resumed", resumed[0], from_step=resumed[0], pid=os.getpid()))
        return
    parameters = list(bench.model.parameters())
    work.journal.path.unlink(missing_ok=True)
    work.journal.write(
        Event.now(
            "started",
            0,
            method=bench.method.name,
            base=bench.base.name,
            data=work.recipe.data,
            steps=steps,
            tokens_per_step=work.recipe.batch_tokens * work.recipe.accumulation,
            examples=len(bench.train),
            too_long=bench.too_long,
            trained_parameters=sum(weight.numel() for weight in parameters if weight.requires_grad),
            all_parameters=sum(weight.numel() for weight in parameters),
            dtype="bf16" if bench.bf16 else "fp32",
            device=parameters[0].device.type,
            pid=os.getpid(),
        )
    )


def _finish(work: Work, bench: Bench, reason: str, progress: Any, step: int) -> None:
    """result/: the weights of the best validation, or the last ones where there was none or somebody stopped the run."""
    result, best = work.folder / RESULT, work.folder / BEST
    if reason != "stopped" and best.is_dir():
        made = Made.read(best)
        _replace(result, lambda draft: shutil.copytree(best, draft, dirs_exist_ok=True))
        scores = {**progress.last, "validation_loss": made.scores.get("validation_loss", progress.best)}
        _made(work, bench, scores, step).write(result)
    else:
        _keep(work, bench, result, progress.last, step)


def _keep(work: Work, bench: Bench, place: Path, scores: dict[str, float], step: int) -> None:
    """Saves the weights as they are now, whole or not at all."""

    def write(draft: Path) -> None:
        bench.method.save(bench.model, draft)
        _made(work, bench, scores, step).write(draft)

    _replace(place, write)


def _made(work: Work, bench: Bench, scores: dict[str, float], step: int) -> Made:
    recipe, base = work.recipe.model_dump(mode="json"), bench.base
    return Made(
        bench.method.name, base.name, base.sha256, recipe, work.recipe.data, bench.data_sha256, step, dict(scores)
    )


def _replace(place: Path, write: Callable[[Path], object]) -> None:
    """Fills a folder beside `place` and puts it there."""
    draft, old = place.with_name(f".{place.name}.new"), _old(place)
    for folder in (draft, old):
        shutil.rmtree(folder, ignore_errors=True)
    draft.mkdir()
    write(draft)
    if place.exists():
        place.rename(old)
    draft.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _mend(place: Path) -> None:
    """Takes back the folder that a kill between two renames had moved away."""
    if not place.exists() and _old(place).exists():
        _old(place).rename(place)


def _old(place: Path) -> Path:
    return place.with_name(f".{place.name}.old")
