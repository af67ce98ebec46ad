"""n-gram language models: what followed a context, counted, and four ways to share out probability among what never did.

    levels = count(tokens, order=3)
    model = NGram(levels, vocabulary, Smoothing("kneser_ney"))
    model.probability(("언", "어"), " "), bits(model, held)

P(w|h), with c a count, h a context of order-1 tokens and h' the same without its first, V the size of the vocabulary:

    none            c(hw) / c(h)
    add_k           (c(hw) + k) / (c(h) + k V)                                     Lidstone 1920; k = 1 is Laplace's
    interpolation   λ c(hw) / c(h) + (1 - λ) P(w|h')                               Jelinek and Mercer 1980
    kneser_ney      max(c(hw) - D, 0) / c(h) + D N(h·) / c(h) · P(w|h')            Kneser and Ney 1995, interpolated as in
                    where c of a shorter context counts the different tokens       Chen and Goodman 1999
                    before it, N(h·) the different tokens after h, and D = n1 / (n1 + 2 n2)

The last three go down to 1 / V for every token. A token seen once in training stands for all that were never seen.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["none", "add_k", "interpolation", "kneser_ney"]
METHODS: tuple[Method, ...] = ("none", "add_k", "interpolation", "kneser_ney")
UNKNOWN, EDGE = "□", "\n"
Context = tuple[str, ...]
Level = Mapping[Context, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Smoothing:
    """k: added to each count by add_k. weight: λ, how far interpolation trusts the longer context."""

    method: Method = "kneser_ney"
    k: float = 0.1
    weight: float = 0.7


def vocabulary_of(tokens: Sequence[str]) -> list[str]:
    """Tokens seen at least twice, in order, and UNKNOWN for all others."""
    return [*sorted(token for token, count in Counter(tokens).items() if count > 1 and token != UNKNOWN), UNKNOWN]


def known(tokens: Sequence[str], vocabulary: Sequence[str]) -> list[str]:
    """The same tokens, those outside of the vocabulary as UNKNOWN."""
    inside = set(vocabulary)
    return [token if token in inside else UNKNOWN for token in tokens]


def contexts(tokens: Sequence[str], length: int) -> Iterator[tuple[Context, str]]:
    """Each token with the `length` tokens before it; before the first there are edges."""
    padded = (*[EDGE] * length, *tokens)
    for at in range(len(tokens)):
        yield padded[at : at + length], padded[at + length]


def count(tokens: Sequence[str], order: int) -> list[dict[Context, Counter[str]]]:
    """By length of the context, from 0 to order - 1: what followed each, and how often."""
    levels: list[dict[Context, Counter[str]]] = []
    for length in range(order):
        level: dict[Context, Counter[str]] = {}
        for context, token in contexts(tokens, length):
            level.setdefault(context, Counter())[token] += 1
        levels.append(level)
    return levels


def continuations(levels: Sequence[Level]) -> list[Level]:
    """For Kneser-Ney: all levels but the longest count how many different tokens stood before, instead of how often."""
    found: list[Level] = []
    for longer in levels[1:]:
        level: dict[Context, Counter[str]] = {}
        for context, following in longer.items():
            counts = level.setdefault(context[1:], Counter())
            for token in following:
                counts[token] += 1
        found.append(level)
    return [*found, levels[-1]]


def discount(level: Level) -> float:
    """D = n1 / (n1 + 2 n2), of the n-grams counted once and twice; 0.75 where there are none (Ney, Essen and Kneser 1994)."""
    times = Counter(number for following in level.values() for number in following.values())
    return times[1] / (times[1] + 2 * times[2]) if times[1] and times[2] else 0.75


class NGram:
    """levels: of `count`. Tokens outside of the vocabulary must be UNKNOWN already."""

    def __init__(self, levels: Sequence[Level], vocabulary: Sequence[str], smoothing: Smoothing) -> None:
        self.vocabulary, self.smoothing, self.order = list(vocabulary), smoothing, len(levels)
        kneser_ney = smoothing.method == "kneser_ney"
        self._levels = continuations(levels) if kneser_ney else list(levels)
        self._totals = [{context: sum(f.values()) for context, f in level.items()} for level in self._levels]
        self._discounts = [discount(level) for level in self._levels] if kneser_ney else []
        self._place = {token: at for at, token in enumerate(self.vocabulary)}

    def probability(self, context: Context, token: str) -> float:
        """P(token | the last order - 1 tokens of context)."""
        if self.smoothing.method in ("none", "add_k"):
            length = self.order - 1
            following, total = self._following(self._last(context, length), length)
            return self._counted(following.get(token, 0), total)
        found = 1 / len(self.vocabulary)
        for length in range(self.order):
            following, total = self._following(self._last(context, length), length)
            if total:
                kept, rest = self._shares(length, following, total, following.get(token, 0))
                found = kept + rest * found
        return found

    def distribution(self, context: Context) -> NDArray[np.float64]:
        """P of every token of the vocabulary, (V,); all 0 where the method knows nothing to say."""
        size, length = len(self.vocabulary), self.order - 1
        if self.smoothing.method in ("none", "add_k"):
            following, total = self._following(self._last(context, length), length)
            found = np.full(size, self._counted(0, total))
            for token, number in following.items():
                found[self._place[token]] = self._counted(number, total)
            return found
        found = np.full(size, 1 / size)
        for length in range(self.order):
            following, total = self._following(self._last(context, length), length)
            if total:
                found *= self._shares(length, following, total, 0)[1]
                for token, number in following.items():
                    found[self._place[token]] += self._shares(length, following, total, number)[0]
        return found

    def _last(self, context: Context, length: int) -> Context:
        """Its last `length` tokens, with edges before where it is shorter."""
        padded = (*[EDGE] * max(0, length - len(context)), *context)
        return padded[len(padded) - length :]

    def _following(self, context: Context, length: int) -> tuple[Mapping[str, int], int]:
        return self._levels[length].get(context, {}), self._totals[length].get(context, 0)

    def _counted(self, number: int, total: int) -> float:
        if self.smoothing.method == "add_k":
            return (number + self.smoothing.k) / (total + self.smoothing.k * len(self.vocabulary))
        return number / total if total else 0.0

    def _shares(self, length: int, following: Mapping[str, int], total: int, number: int) -> tuple[float, float]:
        """What this level says itself of a token counted `number` times, and how much it leaves to the shorter context."""
        if self.smoothing.method == "interpolation":
            return self.smoothing.weight * number / total, 1 - self.smoothing.weight
        taken = self._discounts[length]
        return max(number - taken, 0.0) / total, taken * len(following) / total


def bits(model: NGram, tokens: Sequence[str]) -> float:
    """Cross-entropy in bits a token; infinite where a token had no probability. Perplexity is 2 to its power."""
    total = 0.0
    for context, token in contexts(tokens, model.order - 1):
        found = model.probability(context, token)
        if found <= 0:
            return math.inf
        total -= math.log2(found)
    return total / len(tokens)


def conditional_entropy(level: Level) -> float:
    """Shannon's F_N in bits: how uncertain the next token is once the context is known, on the counted text itself (1951)."""
    every = sum(sum(following.values()) for following in level.values())
    found = 0.0
    for following in level.values():
        total = sum(following.values())
        found += sum(number * math.log2(total / number) for number in following.values())
    return found / every


def sample(model: NGram, start: Sequence[str], length: int, seed: int) -> list[str]:
    """Tokens drawn one after the other from the model's own distribution, behind `start`; fewer where it knows no next one."""
    rng = random.Random(seed)  # noqa: S311
    tokens = list(start)
    for _ in range(length):
        weights = model.distribution(tuple(tokens[-(model.order - 1) :]) if model.order > 1 else ())
        if weights.sum() <= 0:
            break
        tokens += rng.choices(model.vocabulary, weights.tolist())
    return tokens[len(start) :]
