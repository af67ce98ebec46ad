"""The recurrent readers: from scratch and from torch.nn they give the same numbers, and padding changes none of them."""

from __future__ import annotations

from typing import get_args

import pytest

torch = pytest.importorskip("torch")

from models.nn.recurrent import (  # noqa: E402
    GATES,
    WAYS,
    Cell,
    Pooling,
    ScratchReader,
    Shape,
    TorchReader,
    dropped,
    pooled,
)

CELLS, POOLINGS = get_args(Cell), get_args(Pooling)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def shape(cell: str, pooling: str = "max") -> Shape:
    return Shape(vocabulary=11, embedding=5, width=7, cell=cell, pooling=pooling, kinds=3)  # type: ignore[arg-type]


def texts() -> tuple[torch.Tensor, torch.Tensor]:
    """Three texts of 6, 2 and 1 units."""
    units = torch.tensor([[2, 3, 4, 5, 6, 7], [8, 9, 0, 0, 0, 0], [10, 0, 0, 0, 0, 0]])
    return units, torch.tensor([6, 2, 1])


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_scratch_and_torch_give_the_same_outputs_and_gradients(cell: str, pooling: str) -> None:
    ours, theirs = ScratchReader(shape(cell, pooling), seed=3), TorchReader(shape(cell, pooling), seed=3)
    units, lengths = texts()
    kinds = torch.tensor([0, 1, 2])
    logits, twins = ours(units, lengths), theirs(units, lengths)
    torch.testing.assert_close(logits, twins)
    for found in (logits, twins):
        torch.nn.functional.cross_entropy(found, kinds).backward()
    named = dict(theirs.named_parameters())
    for (name, _), parameter in zip(ours.state_dict().items(), ours.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, named[name].grad, msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_parameters_are_counted_and_named_alike(cell: str) -> None:
    ours, theirs = ScratchReader(shape(cell)), TorchReader(shape(cell))
    assert {k: v.shape for k, v in ours.state_dict().items()} == {k: v.shape for k, v in theirs.state_dict().items()}
    assert sum(p.numel() for p in theirs.parameters()) == shape(cell).parameters


def test_a_gru_has_three_quarters_of_an_lstm() -> None:
    """The numbers of the course's note on LSTM and GRU."""
    sizes = {
        cell: sum(p.numel() for p in TorchReader(Shape(10, 100, 128, cell)).recurrent.parameters())  # type: ignore[arg-type]
        for cell in ("lstm", "gru")
    }
    assert sizes == {"lstm": 117_760, "gru": 88_320}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cell", CELLS)
def test_padding_changes_nothing(way: str, cell: str) -> None:
    for pooling in POOLINGS:
        reader = WAYS[way](shape(cell, pooling))
        units, lengths = texts()
        together = reader(units, lengths)
        for row, length in enumerate(lengths.tolist()):
            alone = reader(units[row : row + 1, :length], lengths[row : row + 1])
            torch.testing.assert_close(alone[0], together[row])


@pytest.mark.parametrize("cell", CELLS)
def test_steps_say_what_happened(cell: str) -> None:
    reader = ScratchReader(shape(cell))
    units, lengths = texts()
    steps = reader.read(units, lengths)
    assert len(steps.states) == len(steps.cells) == units.shape[1]
    assert tuple(steps.gates) == GATES[cell]  # type: ignore[index]
    for gate in steps.gates.values():
        values = torch.stack(gate)
        assert len(gate) == units.shape[1] and bool(((values > 0) & (values < 1)).all())
    assert torch.equal(steps.states[-1][2], steps.states[0][2]), "a text that has ended keeps its state"


def test_an_lstm_starts_by_remembering() -> None:
    with torch.no_grad():
        gates = ScratchReader(shape("lstm")).read(*texts()).gates
    assert float(torch.stack(gates["forget"]).mean()) > 0.65 > float(torch.stack(gates["input"]).mean())


def test_pooling_by_hand() -> None:
    states = torch.tensor([[[1.0], [5.0], [9.0]], [[-2.0], [-4.0], [7.0]]])  # (2, 3, 1)
    lengths = torch.tensor([3, 2])
    assert [pooled(states, lengths, how).flatten().tolist() for how in POOLINGS] == [[9, -4], [5, -3], [9, -2]]


def test_dropout_keeps_the_mean() -> None:
    torch.manual_seed(0)
    x = dropped(torch.ones(20_000), 0.25)
    assert x.unique().tolist() == pytest.approx([0, 4 / 3])
    assert float(x.mean()) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("way", WAYS)
def test_either_way_learns(way: str) -> None:
    """Whether unit 2 comes before unit 3: no bag of words can tell."""
    reader = WAYS[way](shape("gru"), seed=1)
    units, kinds = torch.tensor([[2, 3], [3, 2], [4, 4]]), torch.tensor([0, 1, 2])
    lengths = torch.tensor([2, 2, 2])
    optimiser = torch.optim.Adam(reader.parameters(), lr=0.03)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(reader(units, lengths, 0.1), kinds)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert reader(units, lengths).argmax(dim=1).tolist() == [0, 1, 2]
