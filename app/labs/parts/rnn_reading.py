"""One sentence through a trained reader: how open its gates are at each unit, what its neurons hold, and what it thinks so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.labs.base import Event, Figure, Said, Shown
from app.labs.figures import Axes, Cells, heatmap, line
from app.labs.parts.rnn_study import Study
from app.labs.parts.rnn_training import probabilities
from app.labs.parts.rnn_units import UNKNOWN, readable

if TYPE_CHECKING:
    from models.nn.recurrent import ScratchReader

MAPPED, NEURONS = 60, 24  # units of the sentence in the figures, the last ones; neurons, those that change most
WRITTEN = 14  # units up to which a value is written into its cell
HELD_BY = {"lstm": "forget", "gru": "update"}  # the gate that keeps what was


def reading(study: Study, net: ScratchReader, sentence: str) -> Iterator[Event]:
    """Everything about the learner's sentence."""
    numbers, units = study.numbers(sentence)
    thoughts, counted = opinions(study, net, numbers)
    labels = [_label(unit, number, study.unit) for unit, number in zip(units, numbers, strict=True)]
    unknown = sum(number == UNKNOWN for number in numbers)
    verdict = "says_positive" if thoughts[-1] > 0.5 else "says_negative"
    told = {"share": f"{100 * thoughts[-1]:.0f}", "baseline": f"{100 * counted[-1]:.0f}"}
    yield Shown(Said("sentence", verdict, {**told, "units": len(numbers), "unknown": unknown}))
    cut = slice(-min(MAPPED, len(numbers)), None)
    yield Shown(_position(thoughts[cut], counted[cut], labels[cut]))
    yield from _inside(net, numbers, labels[cut])
    if len(numbers) > MAPPED:
        yield Shown(Said("mapped", "mapped", {"units": len(numbers), "shown": MAPPED}))


def opinions(
    study: Study, net: ScratchReader, numbers: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P(positive) after each unit, as if the sentence ended there: of the network and of the bag of words, (T,) each."""
    starts = [numbers[:end] for end in range(1, len(numbers) + 1)]
    return probabilities(net, starts)[:, 1], study.bag.probabilities(starts)


def _label(unit: str, number: int, kind: str) -> str:
    said = readable(unit, kind)
    return f"({said})" if number == UNKNOWN else said


def _position(thoughts: NDArray[np.float64], counted: NDArray[np.float64], labels: Sequence[str]) -> Figure:
    places = list(range(len(labels)))
    curves = {"network": (places, thoughts), "baseline": (places, counted)}
    made = line("position", curves, Axes("", "probability", span_y=(0, 1)), marks=True)
    ticks = {"tickmode": "array", "tickvals": places, "ticktext": list(labels)}
    return Figure(made.name, made.data, {**made.layout, "xaxis": {**made.layout["xaxis"], **ticks}}, height=320)


def _inside(net: ScratchReader, numbers: Sequence[int], labels: Sequence[str]) -> Iterator[Event]:
    """Gates by their mean over the neurons, then neuron by neuron; and the hidden states."""
    import torch

    shown = len(labels)
    with torch.no_grad():
        steps = net.read(torch.tensor([numbers]), torch.tensor([len(numbers)]))
        gates = {name: _by_neuron(gate)[:, -shown:] for name, gate in steps.gates.items()}  # (H, T)
        states = _by_neuron(steps.states)[:, -shown:]  # (H, T)
    if gates:
        means = np.stack([gate.mean(axis=0) for gate in gates.values()])  # (gates, T)
        cells = Cells([f"gate_{name}" for name in gates], labels, shown=shown <= WRITTEN, bar="openness")
        yield Shown(_fixed(heatmap("gates", means, cells), 0, 1))
        keeps = HELD_BY[net.shape.cell]
        chosen = _liveliest(gates[keeps])
        rows = [int(n) + 1 for n in chosen]
        figure = heatmap(f"gate_{keeps}", gates[keeps][chosen], Cells(rows, labels, bar="openness"), Axes("", "neuron"))
        yield Shown(_fixed(figure, 0, 1))
    chosen = _liveliest(states)
    rows = [int(n) + 1 for n in chosen]
    cells = Cells(rows, labels, apart=True, bar="state")
    yield Shown(_fixed(heatmap("states", states[chosen], cells, Axes("", "neuron")), -1, 1))


def _by_neuron(steps: Sequence[Any]) -> NDArray[np.float64]:
    """T of (1, H) -> (H, T)."""
    return np.stack([step[0].numpy() for step in steps], axis=1).astype(np.float64)


def _liveliest(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """The neurons that change most along the sentence, in their own order: (H, T) -> at most NEURONS places."""
    spread = values.max(axis=1) - values.min(axis=1)
    return np.sort(np.argsort(-spread, kind="stable")[:NEURONS])


def _fixed(figure: Figure, low: float, high: float) -> Figure:
    """With colours that mean the same for every sentence."""
    data = [{**trace, "zmin": low, "zmax": high} for trace in figure.data]
    return Figure(figure.name, data, figure.layout, figure.height)
