"""LeNet-5 has the paper's layers and 61,706 parameters, and is the same network from scratch and with torch.nn."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

from models.nn.convolution import SCRATCH  # noqa: E402
from models.nn.lenet import LeNet5  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_it_has_as_many_parameters_as_the_layers_say() -> None:
    net = LeNet5(1, 10)
    many = {name: sum(p.numel() for p in layer.parameters()) for name, layer in net.named_children()}
    assert many == {"c1": 156, "c3": 2416, "c5": 48_120, "f6": 10_164, "output": 850}
    assert sum(many.values()) == 61_706


def test_its_maps_have_the_papers_sizes() -> None:
    maps = LeNet5(1, 10).stages(torch.zeros(2, 1, 32, 32))
    assert {name: tuple(map_.shape) for name, map_ in maps.items()} == {"c1": (2, 6, 28, 28), "c3": (2, 16, 10, 10)}


def test_from_scratch_it_is_the_same_network_and_learns_the_same() -> None:
    torch.manual_seed(0)
    images, kinds = torch.randn(4, 3, 32, 32), torch.tensor([0, 3, 1, 3])
    nets = [LeNet5(3, 5, SCRATCH, seed=1), LeNet5(3, 5, seed=1)]
    for _ in range(2):
        losses = []
        for net in nets:
            loss = functional.cross_entropy(net(images), kinds)
            loss.backward()
            losses.append(float(loss.detach()))
            with torch.no_grad():
                for weight in net.parameters():
                    weight -= 0.001 * weight.grad
                    weight.grad = None
        assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    nets[0].load_state_dict(nets[1].state_dict())
    assert torch.allclose(nets[0](images), nets[1](images), atol=1e-4)
