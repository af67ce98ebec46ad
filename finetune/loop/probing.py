"""Three steps of a run on its longest batches, and what they say of the whole. Called by finetune/probe.py in its own process."""

from __future__ import annotations

import sys
import time
from statistics import median

import torch

from finetune.loop.batches import cut, padded, planned
from finetune.loop.trainer import loss_of, mean_loss, trainable
from finetune.probe import CHECKPOINT_BYTES, STEPS, Found, least_bytes, too_large
from finetune.training import Bench, Work, assemble
from finetune.watch import Watch, say, text_loss


def measure(work: Work, room: int) -> Found:
    """Raises what `assemble` raises, and InputError where the weights alone do not fit into `room` bytes."""
    recipe, bench = work.recipe, assemble(work)
    device = torch.device(
        "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    )
    learning = [weight for _, weight in trainable(bench.model)]
    trained, everything = sum(w.numel() for w in learning), sum(w.numel() for w in bench.model.parameters())
    if device.type == "cpu" and least_bytes(everything, trained, 2 if bench.bf16 else 4) > room:
        raise too_large(recipe, room)
    if next(bench.model.parameters()).device.type != device.type:
        bench.model.to(device)
    if recipe.checkpointing:
        bench.model.activation_checkpointing_enable()
    batches = planned(bench.train, recipe)
    widest = sorted(batches, key=lambda batch: sum(len(row.ids) for row in batch))[-STEPS:]
    optimizer = torch.optim.AdamW(learning, lr=0.0)
    seconds = [_step(bench, padded(batch, bench.pad), optimizer, device) for batch in widest]
    per_batch = median(seconds[1:] or seconds)
    steps = len(batches) // recipe.accumulation
    looks_s = _looks(work, bench, steps, device)
    tokens = sum(len(row.ids) for batch in widest[1:] or widest for row in batch)
    kept = recipe.keep + 1
    return Found(
        s_per_step=per_batch * recipe.accumulation,
        peak_bytes=_peak(device),
        steps=steps,
        total_s=steps * per_batch * recipe.accumulation + looks_s,
        trained_parameters=trained,
        all_parameters=everything,
        disk_bytes=trained * CHECKPOINT_BYTES * kept + (everything if bench.method.whole else trained) * 8,
        tokens_per_s=tokens / max(1e-9, sum(seconds[1:] or seconds)),
        examples=len(bench.train),
        too_long=bench.too_long,
        device=device.type,
    )


def _step(
    bench: Bench, batch: dict[str, torch.Tensor], optimizer: torch.optim.Optimizer, device: torch.device
) -> float:
    """Seconds of one batch forward and back and one update at learning rate 0."""
    began = time.monotonic()
    bench.model.train()
    with bench.autocast():
        loss, count = loss_of(bench.model, batch["input_ids"].to(device), batch["labels"].to(device))
    torch.autograd.backward(loss / max(1, count))
    optimizer.step()
    optimizer.zero_grad()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.monotonic() - began


def _looks(work: Work, bench: Bench, steps: int, device: torch.device) -> float:
    """Seconds for all validations, measurements of forgetting and answers: one of each is tried."""
    recipe, watch = work.recipe, Watch.read()
    began = time.monotonic()
    with bench.autocast():
        batches = cut(bench.validation, recipe.batch_tokens)[:1]
        mean_loss(bench.model, [padded(batch, bench.pad) for batch in batches])
        validation_s = (time.monotonic() - began) * len(cut(bench.validation, recipe.batch_tokens))
        began = time.monotonic()
        text_loss(bench.model, bench.tokenizer, watch.texts)
        say(bench.model, bench.tokenizer, watch.probes[0].question, 8)
    look_s = time.monotonic() - began
    validations = steps // recipe.validate_every + 1 if recipe.validate_every else 0
    looks = 2 + (steps // recipe.watch_every if recipe.watch_every else 0)
    asks = 2 + (steps // recipe.ask_every if recipe.ask_every else 0)
    return validations * validation_s + looks * look_s * 2 + asks * look_s * len(recipe.questions)


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated())
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
