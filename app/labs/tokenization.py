"""Tokenisation: byte pair encoding built merge by merge on Hangul, and one sentence through the tokenizers of real models."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from app.labs.base import Choice, Code, Desk, Event, Progress, Range, Said, Score, Shown, Table, Try, Value, Words
from app.labs.figures import Axes, bars, line
from app.labs.parts.bpe import Merge, Trainer, Unit, count_words, encode, encode_text, ranks, shown, units, words_of
from app.labs.parts.corpus import CORPUS, OWN, corpus
from app.labs.parts.token_counts import Cut, cuts
from models.prices import price_of

PRICED = {
    "gpt-4o-mini": "openai",
    "gpt-5-mini": "openai",
    "gpt-5": "openai",
    "gemini-2.5-flash-lite": "gemini",
    "gemini-3.8-flash": "gemini",
}
LISTED, LAST = 60, 5  # merges in the table: the first, and the last
STAGES = 5  # of the sentence's way from units to pieces
SHOWN_S = 0.5
BAR = " | "
CODE = """\
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = {cutting}
trainer = trainers.BpeTrainer(vocab_size={size}, min_frequency=2)
tokenizer.train_from_iterator(text.splitlines(), trainer)
print(tokenizer.encode({sentence!r}).tokens)
"""
CUTTING = {
    "character": "pre_tokenizers.Metaspace()",
    "jamo": "pre_tokenizers.Metaspace()      # after unicodedata.normalize('NFD', text)",
    "byte": "pre_tokenizers.ByteLevel(add_prefix_space=True)",
}


class Tokenization:
    """See the module."""

    name, order = "tokenization", 70
    notes = ("10-tokenization-language-models.md",)
    network = ("app.labs.parts.bpe",)
    controls = (
        CORPUS,
        OWN,
        Choice("unit", ("character", "jamo", "byte"), "character"),
        Range("merges", 0, 1000, 300),
        Words("sentence", "자연어 처리를 배우는 학생이 토큰화를 실험합니다.", longest=2000, lines=2),
        Choice("price", tuple(PRICED), "gpt-5-mini"),
    )
    tries = (
        Try(3, {"unit": "byte", "merges": 0, "sentence": "한"}),
        Try(2, {"unit": "character", "merges": 1}),
        Try(1, {"corpus": "own", "unit": "character", "merges": 40, "sentence": "봄이 오면 🌸이 핍니다."}),
    )
    small: ClassVar[Mapping[str, Value]] = {"corpus": "own", "merges": 10, "sentence": "봄이 옵니다."}

    def seconds(self, **values: Value) -> float:
        """Most of it is loading Kiwi and Qwen's 150,000 pieces."""
        return 8.0 + 0.012 * float(values["merges"])

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The merges as they are found, the sentence on its way, then the other tokenizers."""
        text, used = corpus(str(values["corpus"]), str(values["own"]))
        yield used
        unit: Unit = str(values["unit"])  # type: ignore[assignment]
        sentence, most = str(values["sentence"]), int(values["merges"])
        trainer = Trainer(count_words(text, unit))
        alphabet = frozenset(trainer.pieces)
        merges: list[Merge] = []
        lengths = [trainer.length]
        yield from _train(trainer, most, unit, merges, lengths)
        yield from _learnt(unit, merges, lengths, most)
        yield Shown(_stages(sentence, unit, merges))
        unknown = sum(piece not in alphabet for word in words_of(sentence) for piece in units(word, unit))
        if unknown and unit != "byte":
            yield Shown(Said("unknown", "unknown", {"count": unknown}, "bad"))
        ours = Cut("ours", _pieces(sentence, unit, merges), len(trainer.pieces))
        yield from _compared(sentence, ours, desk, str(values["price"]))
        yield Shown(_code(unit, len(trainer.pieces), sentence))


def _train(trainer: Trainer, most: int, unit: Unit, merges: list[Merge], lengths: list[int]) -> Iterator[Event]:
    """Fills merges and the text's length in tokens after each."""
    last = 0.0
    for merge in trainer.merges(most):
        merges.append(merge)
        lengths.append(trainer.length)
        if time.monotonic() - last > SHOWN_S:
            last = time.monotonic()
            yield Progress(len(merges), most, "merging")
            yield Shown(_merges(unit, merges))
    yield Progress(len(merges), max(1, len(merges)), "merging")


def _learnt(unit: Unit, merges: Sequence[Merge], lengths: Sequence[int], most: int) -> Iterator[Event]:
    yield Shown(_merges(unit, merges))
    if len(merges) < most:
        yield Shown(Said("ended", "ended", {"count": len(merges)}))
    if merges:
        yield Shown(line("counts", {"count": [merge.count for merge in merges]}, Axes("merge", "count", log_y=True)))
        yield Shown(line("length", {"tokens": (range(len(lengths)), lengths)}, Axes("merge", "tokens")))
    yield Score("kept", lengths[-1] / lengths[0], unit="share")


def _merges(unit: Unit, merges: Sequence[Merge]) -> Table:
    """The first merges, and the last ones where there are more."""
    rows = [
        (place, shown(merge.left, unit), shown(merge.right, unit), shown(merge.piece, unit), merge.count)
        for place, merge in enumerate(merges, start=1)
    ]
    if len(rows) > LISTED + LAST:
        rows = [*rows[:LISTED], ("…", "", "", "", ""), *rows[-LAST:]]  # type: ignore[list-item]
    return Table("merges", ("place", "left", "right", "piece", "count"), tuple(rows))


def _pieces(sentence: str, unit: Unit, merges: Sequence[Merge]) -> tuple[str, ...]:
    return tuple(shown(piece, unit) for piece in encode_text(sentence, unit, merges))


def _stages(sentence: str, unit: Unit, merges: Sequence[Merge]) -> Table:
    """The sentence after none of the merges, after a part of them, and after all: for each the number of pieces and the pieces."""
    counts = sorted({round(len(merges) * (stage / (STAGES - 1)) ** 2) for stage in range(STAGES)})
    rows = []
    for count in counts:
        rank = ranks(merges[:count])
        words = (encode(units(word, unit), rank) for word in words_of(sentence))
        pieces = [shown(piece, unit) for word in words for piece in word]
        rows.append((count, len(pieces), BAR.join(pieces)))
    return Table("stages", ("after", "tokens", "pieces"), tuple(rows))


def _compared(sentence: str, ours: Cut, desk: Desk, model: str) -> Iterator[Event]:
    """Pieces, tokens a character and dollars for a million characters, tokenizer by tokenizer."""
    price = price_of(PRICED[model], model)
    dollars = price.input if price else 0.0
    found: list[Cut] = []
    for cut in (ours, *cuts(sentence, desk.weights_dir)):
        found.append(cut)
        yield Progress(len(found), 5, "comparing")
    yield Shown(Table("pieces", ("tokenizer", "pieces"), tuple((cut.name, BAR.join(cut.pieces)) for cut in found)))
    here = [cut for cut in found if not cut.missing]
    yield Shown(
        bars("tokens", [cut.name for cut in here], {"tokens": [len(c.pieces) for c in here]}, Axes(), lying=True)
    )
    rows = tuple(_row(cut, len(sentence), dollars) for cut in found)
    columns = ("tokenizer", "vocabulary", "tokens", "per_character", "dollars")
    yield Shown(Table("money", columns, rows))
    said = {"model": model, "price": f"{dollars:g}", "date": str(price.checked) if price else "?"}
    yield Shown(Said("prices", "prices", said))
    for cut in found:
        if cut.missing:
            yield Shown(Said(f"missing_{cut.name}", f"missing_{cut.name}", {"weights": cut.missing}, "bad"))
        elif cut.name in ("ours", "qwen"):
            low, high = EXPECTED[cut.name]
            yield Score(f"per_character_{cut.name}", len(cut.pieces) / len(sentence), low, high)


EXPECTED = {"ours": (0.3, 1.0), "qwen": (0.25, 1.0)}


def _row(cut: Cut, characters: int, dollars: float) -> tuple[str | float | int, ...]:
    if cut.missing:
        return (cut.name, "–", "–", "–", "–")
    each = len(cut.pieces) / characters
    return (cut.name, cut.vocabulary or "–", len(cut.pieces), round(each, 3), round(each * dollars, 4))


def _code(unit: Unit, size: int, sentence: str) -> Code:
    """The library's own trainer, which finds the same merges."""
    return Code("library", CODE.format(cutting=CUTTING[unit], size=size, sentence=sentence))


LAB = Tokenization()
