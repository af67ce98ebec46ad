"""Trains the small GPT of models/nn/gpt.py on the characters of a text, scores it and lets it write.

    for loss in learn(model, tokens, Plan(steps=300)): ...        nats a character
    held_loss(model, held), write(model, start, 80, Sampling(temperature=0.8, top_p=0.9), seed=1)

Temperature divides the logits. top_k keeps the k likeliest tokens (Fan et al. 2018); top_p the likeliest that together reach p
(Holtzman et al. 2020). What is left is made to add up to 1 again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LOW_RATE = 0.1  # of the rate that is left at the end
COLDEST = 1e-3  # a temperature under it takes the likeliest token


@dataclass(frozen=True, slots=True)
class Plan:
    """steps: of `batch` stretches each. rate: the highest, after `warmup` of the steps."""

    steps: int
    batch: int = 24
    rate: float = 3e-3
    seed: int = 0
    warmup: float = 0.05


@dataclass(frozen=True, slots=True)
class Sampling:
    """top_k: 0 for all. top_p: 1 for all."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0


def rate_at(step: int, plan: Plan) -> float:
    """Rises in a line, then falls with a cosine (Loshchilov and Hutter 2017)."""
    warm = max(1, round(plan.steps * plan.warmup))
    if step < warm:
        return plan.rate * (step + 1) / warm
    done = (step - warm) / max(1, plan.steps - warm)
    return plan.rate * (LOW_RATE + (1 - LOW_RATE) * 0.5 * (1 + math.cos(math.pi * done)))


def learn(model: Any, tokens: Any, plan: Plan) -> Iterator[float]:
    """The loss of each step as it is taken, on stretches drawn anywhere from tokens (N,), N > model.shape.context."""
    import torch

    from models.nn.gpt import cross_entropy

    draw = torch.Generator().manual_seed(plan.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.rate, betas=(0.9, 0.95), weight_decay=0.1)
    length = model.shape.context
    for step in range(plan.steps):
        optimizer.param_groups[0]["lr"] = rate_at(step, plan)
        starts = torch.randint(len(tokens) - length, (plan.batch,), generator=draw)
        stretches = torch.stack([tokens[start : start + length + 1] for start in starts.tolist()])  # (B, T + 1)
        loss: Any = cross_entropy(model(stretches[:, :-1]), stretches[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


def held_loss(model: Any, tokens: Any) -> float:
    """Nats a character over all of tokens (N,), in stretches of the model's context; NaN for fewer than two."""
    import torch

    from models.nn.gpt import cross_entropy

    length, total, count = model.shape.context, 0.0, 0
    whole = (len(tokens) - 1) // length * length
    with torch.no_grad():
        if whole:
            inputs, targets = tokens[:whole].view(-1, length), tokens[1 : whole + 1].view(-1, length)  # (B, T)
            total += cross_entropy(model(inputs), targets).item() * whole
            count += whole
        rest = tokens[whole:]
        if len(rest) > 1:
            total += cross_entropy(model(rest[None, :-1]), rest[None, 1:]).item() * (len(rest) - 1)
            count += len(rest) - 1
    return total / count if count else math.nan


def shares(logits: Any, how: Sampling) -> Any:
    """Logits (V,) -> probabilities (V,) that a token is drawn by."""
    import torch

    if how.temperature < COLDEST:
        return torch.nn.functional.one_hot(logits.argmax(), len(logits)).to(logits.dtype)
    found = torch.softmax(logits / how.temperature, dim=-1)
    sorted_, order = found.sort(descending=True, stable=True)
    keep = torch.ones(len(found), dtype=torch.bool)
    if how.top_k:
        keep[how.top_k :] = False
    if how.top_p < 1:
        before = sorted_.cumsum(0) - sorted_  # what the likelier ones reach together
        keep &= before < how.top_p
    kept = torch.zeros_like(found)
    kept[order[keep]] = sorted_[keep]
    return kept / kept.sum()


def next_logits(model: Any, tokens: Any) -> Any:
    """Logits behind the last of tokens (T,), of which the model sees as many as its context holds: (V,)."""
    import torch

    with torch.no_grad():
        return model(tokens[None, -model.shape.context :])[0, -1]  # (1, T, V) -> (V,)


def write(model: Any, start: Any, length: int, how: Sampling, seed: int) -> list[int]:
    """`length` tokens behind start (T,), drawn one by one."""
    import torch

    draw, tokens = torch.Generator().manual_seed(seed), start
    for _ in range(length):
        one = torch.multinomial(shares(next_logits(model, tokens), how), 1, generator=draw)  # (1,)
        tokens = torch.cat([tokens, one])
    found: list[int] = tokens[len(start) :].tolist()
    return found
