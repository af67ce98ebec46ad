"""The residual network is the same from scratch and with torch.nn; its blocks begin as their shortcuts; without shortcuts it is plain."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

from models.nn.convolution import SCRATCH, TORCH  # noqa: E402
from models.nn.resnet import Block, ResNet  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_its_maps_halve_from_stage_to_stage() -> None:
    maps = ResNet(3, 10).stages(torch.zeros(2, 3, 32, 32))
    sizes = {name: tuple(found.shape[1:]) for name, found in maps.items()}
    assert sizes == {"stem": (32, 32, 32), "block1": (32, 16, 16), "block2": (64, 8, 8), "block3": (128, 4, 4)}


@pytest.mark.parametrize("skip", [True, False], ids=["residual", "plain"])
def test_from_scratch_it_is_the_same_network_and_learns_the_same(skip: bool) -> None:
    torch.manual_seed(0)
    images, kinds = torch.randn(4, 1, 32, 32), torch.tensor([0, 3, 1, 3])
    nets = [ResNet(1, 5, layers, skip, seed=1) for layers in (SCRATCH, TORCH)]
    gradients = []
    for net in nets:
        net.train()
        loss = functional.cross_entropy(net(images), kinds)
        loss.backward()
        gradients.append([loss.detach(), *(weight.grad for weight in net.parameters())])
    assert all(torch.allclose(one, two, atol=1e-4, rtol=1e-3) for one, two in zip(*gradients, strict=True))
    for net in nets:
        net.eval()
    assert torch.allclose(nets[0](images), nets[1](images), atol=1e-4), "the running means are the same"
    nets[0].load_state_dict(nets[1].state_dict())
    assert torch.allclose(nets[0](images), nets[1](images), atol=1e-4)


def test_a_block_begins_as_its_shortcut() -> None:
    maps = torch.randn(2, 8, 6, 6)
    assert torch.equal(Block(8, 8, TORCH, skip=True)(maps), maps.relu())
    block = Block(8, 16, TORCH, skip=True)
    assert torch.allclose(block(maps), block.shortcut(maps).relu())


def test_plain_it_has_no_shortcuts() -> None:
    names = [name for name, _ in ResNet(3, 10, skip=False).named_parameters()]
    assert not any("shortcut" in name for name in names)
    assert sum(p.numel() for p in ResNet(3, 10).parameters()) == 308_266
