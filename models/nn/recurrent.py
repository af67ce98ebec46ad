"""Networks that read a text step by step, twice: from tensors and autograd alone, and from torch.nn. Both give the same numbers.

    reader = ScratchReader(Shape(vocabulary=5000, cell="lstm"))     or TorchReader(…), the same in every call
    reader(units, lengths)                                          (B, T), (B,) -> logits (B, K)
    reader.load(twin.state_dict())                                  tests hold outputs and gradients of the two equal

Embedding, one recurrent layer, its states pooled over time, one linear layer. The basic cell is Elman's (1990), the LSTM that of
Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000), whose bias starts at 1 (Jozefowicz et al. 2015), the GRU
that of Cho et al. (2014) in the form of torch.nn. Number 0 is padding: behind a text's end nothing is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

Cell = Literal["rnn", "lstm", "gru"]
Pooling = Literal["last", "mean", "max"]
PARTS: dict[Cell, int] = {"rnn": 1, "gru": 3, "lstm": 4}  # how many times the width a step computes
GATES: dict[Cell, tuple[str, ...]] = {"rnn": (), "gru": ("reset", "update"), "lstm": ("forget", "input", "output")}
EMBEDDED = 0.1  # spread of the first embeddings
FORGET_BIAS = 1.0


@dataclass(frozen=True, slots=True)
class Shape:
    """vocabulary: V units, 0 the padding. embedding: E numbers a unit. width: H of the hidden state. kinds: K classes."""

    vocabulary: int
    embedding: int = 64
    width: int = 64
    cell: Cell = "lstm"
    pooling: Pooling = "max"
    kinds: int = 2

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(size[0] * (size[1] if len(size) > 1 else 1) for size in sizes(self).values())


@dataclass(slots=True)
class Steps:
    """What happened step by step, (B, H) each: hidden states, an LSTM's cell states, and the gates by name."""

    states: list[Tensor] = field(default_factory=list)
    cells: list[Tensor] = field(default_factory=list)
    gates: dict[str, list[Tensor]] = field(default_factory=dict)


class Reader(Protocol):
    """What both have."""

    shape: Shape

    def __call__(self, units: Tensor, lengths: Tensor, dropout: float = 0.0) -> Tensor:
        """Logits (B, K) of texts (B, T) of which the first `lengths` (B,) units count, 1 at least. dropout: of what the recurrent
        layer is given and of what it gives."""
        ...

    def parameters(self) -> Iterator[Any]: ...

    def state_dict(self) -> Mapping[str, Any]: ...

    def load(self, values: Mapping[str, Tensor]) -> None: ...


def sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Every parameter's name and size, as torch.nn has them. Parts stand one below the other: i f g o (LSTM), r z n (GRU)."""
    rows = PARTS[shape.cell] * shape.width
    return {
        "embedding.weight": (shape.vocabulary, shape.embedding),
        "recurrent.weight_ih_l0": (rows, shape.embedding),
        "recurrent.weight_hh_l0": (rows, shape.width),
        "recurrent.bias_ih_l0": (rows,),
        "recurrent.bias_hh_l0": (rows,),
        "output.weight": (shape.kinds, shape.width),
        "output.bias": (shape.kinds,),
    }


def initial(shape: Shape, seed: int) -> dict[str, Tensor]:
    """Drawn by the seed: embeddings from a normal distribution, the rest evenly up to 1 / √H as torch.nn does."""
    draw, reach = torch.Generator().manual_seed(seed), shape.width**-0.5
    made = {
        name: torch.randn(size, generator=draw) * EMBEDDED
        if name == "embedding.weight"
        else (2 * torch.rand(size, generator=draw) - 1) * reach
        for name, size in sizes(shape).items()
    }
    if shape.cell == "lstm":
        made["recurrent.bias_ih_l0"][shape.width : 2 * shape.width] = FORGET_BIAS
        made["recurrent.bias_hh_l0"][shape.width : 2 * shape.width] = 0.0
    return made


def dropped(x: Tensor, p: float) -> Tensor:
    """Each number 0 with probability p, else divided by 1 − p (Srivastava et al. 2014)."""
    return x * (torch.rand_like(x) >= p) / (1 - p) if p else x


def pooled(states: Tensor, lengths: Tensor, pooling: Pooling) -> Tensor:
    """The last state of each text, or the mean or the greatest over its steps: (B, T, H), (B,) -> (B, H)."""
    if pooling == "last":
        return states[torch.arange(len(lengths)), lengths - 1]
    beyond = (torch.arange(states.shape[1]) >= lengths[:, None])[..., None]  # (B, T, 1)
    if pooling == "max":
        return states.masked_fill(beyond, float("-inf")).amax(dim=1)
    return states.masked_fill(beyond, 0.0).sum(dim=1) / lengths[:, None]


def rnn_step(given: Tensor, heard: Tensor) -> Tensor:
    """h = tanh(W x + U h₋₁ + b). given: W x + b; heard: U h₋₁ + b, (B, H) each."""
    return (given + heard).tanh()


def gru_step(given: Tensor, heard: Tensor, state: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """h = z h₋₁ + (1 − z) n, where the reset gate r weighs what the candidate n hears of the state: the state and the gates."""
    width = state.shape[1]
    reset, update = (given[:, : 2 * width] + heard[:, : 2 * width]).sigmoid().chunk(2, dim=1)  # (B, H) each
    candidate = (given[:, 2 * width :] + reset * heard[:, 2 * width :]).tanh()
    return update * state + (1 - update) * candidate, {"reset": reset, "update": update}


def lstm_step(given: Tensor, heard: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """c = f c₋₁ + i g, h = o tanh(c): the state, the cell state and the gates."""
    enter, forget, candidate, out = (given + heard).chunk(4, dim=1)  # (B, H) each
    forget, enter, out = forget.sigmoid(), enter.sigmoid(), out.sigmoid()
    cell = forget * cell + enter * candidate.tanh()
    return out * cell.tanh(), cell, {"forget": forget, "input": enter, "output": out}


class ScratchReader:
    """From scratch: parameters by their names, and nothing of torch.nn."""

    def __init__(self, shape: Shape, seed: int = 0) -> None:
        self.shape = shape
        self._named = {name: value.requires_grad_() for name, value in initial(shape, seed).items()}

    def parameters(self) -> Iterator[Any]:
        """In the order of their names in `sizes`."""
        return iter(self._named.values())

    def state_dict(self) -> dict[str, Tensor]:
        """Name -> tensor, as the twin's."""
        return {name: value.detach() for name, value in self._named.items()}

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Takes over all parameters. Raises KeyError where one is missing."""
        with torch.no_grad():
            for name, parameter in self._named.items():
                parameter.copy_(values[name])

    def __call__(self, units: Tensor, lengths: Tensor, dropout: float = 0.0) -> Tensor:
        steps = self.read(units, lengths, dropout)
        states = torch.stack(steps.states, dim=1)  # T of (B, H) -> (B, T, H)
        return self.judge(dropped(pooled(states, lengths, self.shape.pooling), dropout))

    def judge(self, state: Tensor) -> Tensor:
        """Logits of a hidden state: (B, H) -> (B, K)."""
        return state @ self._named["output.weight"].T + self._named["output.bias"]

    def read(self, units: Tensor, lengths: Tensor, dropout: float = 0.0) -> Steps:
        """Step by step through texts (B, T); a text that has ended keeps its state."""
        p, (batch, time) = self._named, units.shape
        x = p["embedding.weight"].index_select(0, units.flatten()).view(batch, time, -1)  # (B T, E) -> (B, T, E)
        given = dropped(x, dropout) @ p["recurrent.weight_ih_l0"].T + p["recurrent.bias_ih_l0"]  # (B, T, parts H)
        state = cell = torch.zeros(batch, self.shape.width)
        steps, shortest = Steps(gates={name: [] for name in GATES[self.shape.cell]}), int(lengths.min())
        for t, now in enumerate(given.unbind(dim=1)):  # now: (B, parts H)
            heard = state @ p["recurrent.weight_hh_l0"].T + p["recurrent.bias_hh_l0"]
            after, cell_after, gates = self._step(now, heard, state, cell)
            going = (t < lengths)[:, None] if t >= shortest else None  # (B, 1)
            state = after if going is None else torch.where(going, after, state)
            cell = cell_after if going is None else torch.where(going, cell_after, cell)
            steps.states.append(state)
            steps.cells.append(cell)
            for name, gate in gates.items():
                steps.gates[name].append(gate)
        return steps

    def _step(
        self, now: Tensor, heard: Tensor, state: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """The next state, cell state and gates. Only an LSTM has a cell state; the others hand the first one on."""
        if self.shape.cell == "lstm":
            return lstm_step(now, heard, cell)
        if self.shape.cell == "gru":
            after, gates = gru_step(now, heard, state)
            return after, cell, gates
        return rnn_step(now, heard), cell, {}


class TorchReader(nn.Module):
    """The same out of torch.nn. Packing tells the recurrent layer where each text ends."""

    def __init__(self, shape: Shape, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        made: dict[Cell, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
        self.embedding = nn.Embedding(shape.vocabulary, shape.embedding)
        self.recurrent = made[shape.cell](shape.embedding, shape.width, batch_first=True)
        self.output = nn.Linear(shape.width, shape.kinds)
        self.load(initial(shape, seed))

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Takes over all parameters."""
        self.load_state_dict(dict(values))

    def forward(self, units: Tensor, lengths: Tensor, dropout: float = 0.0) -> Tensor:
        x = functional.dropout(self.embedding(units), dropout)  # (B, T, E)
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)  # (B, T, H)
        read = pooled(states, lengths, self.shape.pooling)  # (B, T, H) -> (B, H)
        logits: Tensor = self.output(functional.dropout(read, dropout))
        return logits


WAYS: dict[str, type[ScratchReader] | type[TorchReader]] = {"scratch": ScratchReader, "torch": TorchReader}
