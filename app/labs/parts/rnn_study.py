"""What the lab on recurrent networks works with: reviews as numbers with their baseline, and what was learned from them.

A trained set is kept as a checkpoint (app/labs/checkpoints.py) and read back: a network for each cell, the baseline, the vocabulary.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.labs.checkpoints import Made
from app.labs.data.base import Loaded, Split
from app.labs.parts.rnn_baseline import Bag, learn
from app.labs.parts.rnn_training import Curves, Reviews
from app.labs.parts.rnn_units import Cutter, Vocabulary, cutter

if TYPE_CHECKING:
    from models.nn.recurrent import ScratchReader

CUT_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Study:
    """unit: what reviews are read as. unknown: the share of the held-out units that are not in the vocabulary."""

    unit: str
    cut: Cutter
    vocabulary: Vocabulary
    train: Reviews
    held: Reviews
    texts: Sequence[str]
    bag: Bag
    unknown: float
    steps: float

    @property
    def baseline(self) -> float:
        """The share of the held-out reviews that the bag of words has right."""
        return right(self.bag, self.held)

    def numbers(self, text: str) -> tuple[list[int], list[str]]:
        """A text's numbers and the units that they stand for."""
        (units,) = self.cut([text])
        numbers = self.vocabulary.numbers(units)
        return numbers, units[-len(numbers) :] or [text.strip()[:1]]


def right(bag: Bag, held: Reviews) -> float:
    """The share that a bag of words has right."""
    return float(((bag.scores(held.numbers) > 0) == held.kinds).mean())


def prepare(found: Loaded, unit: str) -> Generator[float, None, Study]:
    """Cuts all reviews, tells the share that is done, and returns the study, its baseline learned."""
    yield 0.0
    cut = cutter(unit, found.train.inputs)
    parts: list[list[list[str]]] = []
    whole = len(found.train) + len(found.test)
    for split in (found.train, found.test):
        parts.append([])
        for start in range(0, len(split), CUT_AT_ONCE):
            yield (len(parts[0]) * (len(parts) > 1) + start) / whole
            parts[-1] += cut(split.inputs[start : start + CUT_AT_ONCE])
    learnt, held = parts
    return _study(found, unit, cut, Vocabulary.of(learnt), (learnt, held))


def _study(
    found: Loaded, unit: str, cut: Cutter, vocabulary: Vocabulary, parts: tuple[list[list[str]], list[list[str]]]
) -> Study:
    train, held = (
        Reviews([vocabulary.numbers(text) for text in part], split.targets)
        for part, split in zip(parts, (found.train, found.test), strict=True)
    )
    bag = learn(train.numbers, train.kinds, len(vocabulary))
    steps = float(np.mean([len(text) for text in train.numbers]))
    return Study(unit, cut, vocabulary, train, held, found.test.inputs, bag, vocabulary.unknown(parts[1]), steps)


def judged_by(study: Study, split: Split) -> Study:
    """The same, with other reviews held out."""
    cut = study.cut(split.inputs)
    held = Reviews([study.vocabulary.numbers(text) for text in cut], split.targets)
    return replace(study, held=held, texts=split.inputs, unknown=study.vocabulary.unknown(cut))


@dataclass(slots=True)
class Learned:
    """nets: a trained network for each cell that was trained. facts: JSON-ready, of the training."""

    nets: dict[str, ScratchReader] = field(default_factory=dict)
    curves: dict[str, Curves] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def pack(study: Study, learned: Learned) -> Made:
    """What ships; not for a BPE, whose pieces are found anew on the reviews."""
    import torch

    tensors = {
        f"{cell}.{name}": value.clone()
        for cell, net in learned.nets.items()
        for name, value in net.state_dict().items()
    }
    tensors["bag.keys"] = torch.from_numpy(study.bag.keys.astype(np.int32))  # V² features at most
    tensors["bag.weights"] = torch.from_numpy(study.bag.weights.astype(np.float32))
    facts = {
        "unit": study.unit,
        "vocabulary": study.vocabulary.known,
        "bias": study.bag.bias,
        "steps": study.steps,
        "shapes": {cell: asdict(net.shape) for cell, net in learned.nets.items()},
        "curves": {cell: asdict(curves) for cell, curves in learned.curves.items()},
    }
    return Made(tensors, learned.facts | facts)


def unpack(made: Made) -> tuple[Study, Learned]:
    """Inverse of `pack`; the study holds no reviews."""
    from models.nn.recurrent import ScratchReader, Shape

    facts = made.facts
    vocabulary = Vocabulary(tuple(facts["vocabulary"]))
    keys, weights = (made.tensors[f"bag.{name}"].numpy() for name in ("keys", "weights"))
    bag = Bag(keys.astype(np.int64), weights.astype(np.float64), facts["bias"], len(vocabulary))
    none = Reviews([], np.zeros(0, np.int64))
    cut = cutter(facts["unit"], ())
    study = Study(facts["unit"], cut, vocabulary, none, none, (), bag, 0.0, facts["steps"])
    learned = Learned(facts=dict(facts))
    for cell, shape in facts["shapes"].items():
        learned.nets[cell] = ScratchReader(Shape(**shape))
        learned.nets[cell].load({name: made.tensors[f"{cell}.{name}"] for name in learned.nets[cell].state_dict()})
        learned.curves[cell] = Curves(**facts["curves"][cell])
    return study, learned
