"""n-gram language models: Shannon's entropy, four ways of smoothing, perplexity on text that was held out, and samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from app.labs.base import Choice, Code, Desk, Event, Progress, Range, Said, Score, Shown, Table, Try, Value, Words
from app.labs.figures import Axes, bars, line
from app.labs.parts.corpus import CORPUS, OWN, corpus
from app.labs.parts.course_text import split, with_breaks
from app.labs.parts.ngram_models import (
    METHODS,
    Level,
    NGram,
    Smoothing,
    bits,
    conditional_entropy,
    contexts,
    count,
    known,
    sample,
    vocabulary_of,
)

LONGEST = 5
NEXT = 12  # followers of a context that are shown
SAMPLE = {"character": 120, "morpheme": 60}
COPIED = 12  # characters in a row that also stand in the text: then a sample was copied
CODE = """\
def probability(context, token):          # interpolated Kneser-Ney
    found = 1 / len(vocabulary)
    for length in range(order):           # from no context to the longest
        following = counts[length].get(context[len(context) - length:], {})
        total = sum(following.values())
        if total:
            kept = max(following.get(token, 0) - D[length], 0) / total
            found = kept + D[length] * len(following) / total * found
    return found
"""


class NGramLab:
    """See the module."""

    name, order = "ngram", 80
    notes = ("10-tokenization-language-models.md",)
    network = ("app.labs.parts.ngram_models",)
    controls = (
        CORPUS,
        OWN,
        Choice("unit", ("character", "morpheme"), "character"),
        Range("n", 1, LONGEST, 3),
        Choice("smoothing", METHODS, "kneser_ney"),
        Range("k", 0.001, 1.0, 0.1, log=True, whole=False),
        Range("weight", 0.05, 0.95, 0.7, step=0.05, whole=False),
        Words("context", "언어 모", longest=200),
    )
    tries = (
        Try(3, {"n": 3, "smoothing": "none"}),
        Try(2, {"n": 5, "smoothing": "add_k", "k": 1.0}),
        Try(2, {"n": 5, "smoothing": "kneser_ney"}),
    )
    small: ClassVar[Mapping[str, Value]] = {"corpus": "own", "n": 2, "context": "봄이"}

    def seconds(self, **values: Value) -> float:
        """Counting and scoring; morphemes need Kiwi first."""
        return 12.0 if values["unit"] == "character" else 20.0

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """Perplexity by n and method, entropy, then the chosen model's context and samples."""
        text, used = corpus(str(values["corpus"]), str(values["own"]))
        yield used
        unit, n = str(values["unit"]), int(values["n"])
        yield Progress(0, LONGEST + 1, "counting")
        learnt, held = (tokens_of(part, unit) for part in split(text))
        if not learnt or not held:
            yield Shown(Said("nothing", "nothing", tone="bad"))
            return
        vocabulary = vocabulary_of(learnt)
        learnt, rest = known(learnt, vocabulary), known(held, vocabulary)
        levels = count(learnt, LONGEST)
        chosen = _smoothing(values)
        yield from _perplexities(levels, vocabulary, chosen, learnt, rest)
        model = NGram(levels[:n], vocabulary, chosen)
        yield from _scored(model, rest, len(rest) / len("".join(held)))
        context = known(tokens_of(str(values["context"]), unit), vocabulary)
        yield from _context(model, levels, context, unit)
        yield from _samples(levels, vocabulary, chosen, (context, unit, desk.seed), text)
        yield Shown(Code("kneser_ney", CODE))


def tokens_of(text: str, unit: str) -> list[str]:
    """Characters, line ends among them; or Kiwi's morphemes, with a mark where a space was."""
    if unit == "character":
        return list(text)
    from ingest.analyser import kiwi

    found: list[str] = []
    for part in with_breaks(text).splitlines():
        end = 0
        for token in kiwi().tokenize(part):
            found.append(("▁" if token.start > end or not end else "") + token.form)
            end = token.start + token.len
        found.append("\n")
    return found[:-1]


def written(tokens: Sequence[str], unit: str) -> str:
    """Tokens as text again; line ends as a sign."""
    joined = "".join(tokens).replace("\n", "↵")
    return joined if unit == "character" else joined.replace("▁", " ").strip()


def _smoothing(values: Mapping[str, Value]) -> Smoothing:
    return Smoothing(str(values["smoothing"]), float(values["k"]), float(values["weight"]))  # type: ignore[arg-type]


def _perplexities(
    levels: Sequence[Level], vocabulary: Sequence[str], chosen: Smoothing, learnt: Sequence[str], held: Sequence[str]
) -> Iterator[Event]:
    """Every method at every n, on text that was held out; and how certain the training text seems of itself."""
    found: dict[str, list[float]] = {method: [] for method in METHODS}
    entropies = [conditional_entropy(level) for level in levels]
    for n in range(1, LONGEST + 1):
        for method in METHODS:
            model = NGram(levels[:n], vocabulary, replace(chosen, method=method))
            found[method].append(bits(model, held))
        yield Progress(n, LONGEST + 1, "scoring")
        rows = [(at + 1, *(_perplexity(found[m][at]) for m in METHODS)) for at in range(n)]
        yield Shown(Table("perplexity", ("n", *METHODS), tuple(rows)))
    ns = list(range(1, LONGEST + 1))
    curves: dict[str, Any] = {method: (ns, [2**b for b in found[method]]) for method in METHODS if method != "none"}
    yield Shown(line("perplexity", curves, Axes("n", "perplexity", log_y=True), marks=True))
    entropy = {"learnt": (ns, entropies), "held_bits": (ns, found["kneser_ney"])}
    yield Shown(line("entropy", entropy, Axes("n", "bits"), marks=True))
    yield Shown(Said("entropy", "entropy", {"first": f"{entropies[0]:.2f}", "last": f"{entropies[-1]:.2f}"}))


def _perplexity(bits_each: float) -> float | str:
    return "∞" if math.isinf(bits_each) else round(2**bits_each, 1)


def _scored(model: NGram, held: Sequence[str], tokens_a_character: float) -> Iterator[Event]:
    """The chosen model on the held-out text. Bits a character compare between units; perplexity does not."""
    found = bits(model, held)
    if math.isinf(found):
        unseen = sum(model.probability(context, token) <= 0 for context, token in contexts(held, model.order - 1))
        yield Shown(Said("verdict", "infinite", {"unseen": unseen, "tokens": len(held)}, "bad"))
        return
    yield Score("perplexity", 2**found, 5, 60)
    yield Score("bits", found * tokens_a_character, 2.0, 5.0)


def _context(model: NGram, levels: Sequence[Level], context: Sequence[str], unit: str) -> Iterator[Event]:
    """What followed the context in the text, and what the model makes of it; then the same for every shorter context."""
    last = tuple(context[-(model.order - 1) :]) if model.order > 1 else ()
    model = NGram(levels[: len(last) + 1], model.vocabulary, model.smoothing)  # a short context asks a smaller n
    following = levels[len(last)].get(last, {})
    total = sum(following.values())
    shares = model.distribution(last)
    best = sorted(range(len(shares)), key=lambda at: (-shares[at], at))[:NEXT]
    rows = tuple(
        (written([token], unit), following.get(token, 0), _share(following.get(token, 0), total), round(float(p), 4))
        for token, p in ((model.vocabulary[at], shares[at]) for at in best)
    )
    said: dict[str, str | int] = {"context": written(last, unit) or "∅", "seen": total, "kinds": len(following)}
    yield Shown(Said("context", "context_seen" if total else "context_new", said, "plain" if total else "bad"))
    yield Shown(Table("context", ("next", "count", "counted", "model"), rows))
    names = [f"‘{row[0]}’" for row in rows]
    columns = {"counted": [row[2] or 0 for row in rows], "model": [row[3] for row in rows]}
    yield Shown(bars("context", names, columns, Axes("", "probability")))
    yield Shown(
        Table("shorter", ("context", "count", "kinds", "uncertainty", "likeliest"), _shorter(levels, last, unit))
    )


def _share(number: int, total: int) -> float:
    return round(number / total, 4) if total else 0.0


def _shorter(levels: Sequence[Level], last: tuple[str, ...], unit: str) -> tuple[tuple[str | float | int, ...], ...]:
    """A row for the context and for each of its ends, down to none at all."""
    rows = []
    for length in range(len(last), -1, -1):
        end = last[len(last) - length :]
        following = levels[length].get(end, {})
        total = sum(following.values())
        entropy = conditional_entropy({end: following}) if total else 0.0
        likely = max(following, key=lambda token: (following[token], token)) if following else ""
        rows.append((written(end, unit) or "∅", total, len(following), round(entropy, 3), written([likely], unit)))
    return tuple(rows)


def _samples(
    levels: Sequence[Level],
    vocabulary: Sequence[str],
    chosen: Smoothing,
    drawn: tuple[Sequence[str], str, int],
    text: str,
) -> Iterator[Event]:
    """A continuation of the context by each n, and how much of it was copied."""
    start, unit, seed = drawn
    source, rows = written(list(text), "character"), []
    for n in range(1, LONGEST + 1):
        tokens = sample(NGram(levels[:n], vocabulary, chosen), start, SAMPLE[unit], seed)
        said = written(tokens, unit)
        rows.append((n, round(copied(said, source), 3), said or "–"))
    yield Shown(Table("samples", ("n", "copied", "sample"), tuple(rows)))
    yield Progress(LONGEST + 1, LONGEST + 1, "sampling")


def copied(said: str, source: str) -> float:
    """The share of its stretches of COPIED characters that stand in the source word for word."""
    stretches = [said[at : at + COPIED] for at in range(len(said) - COPIED + 1)]
    return sum(stretch in source for stretch in stretches) / len(stretches) if stretches else 0.0


LAB = NGramLab()
