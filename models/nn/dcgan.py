"""A deep convolutional GAN for grey pictures of 28 x 28, once over layers from scratch and once over those of torch.nn.

    gan = Dcgan(Recipe(latent=64), "scratch")      or "torch", the same in every call
    loss_d, loss_g = gan.learn(real, z)            one step of both players on one batch
    gan.generate(z)                                (B, latent) -> (B, 1, 28, 28), from -1 to 1

The game is that of Goodfellow et al. 2014, with the generator's loss that does not saturate, -log D(G(z)). The networks follow Radford
et al. 2016: strided and transposed convolutions and no pooling, batch normalisation everywhere but at the generator's output and the
discriminator's input, ReLU and tanh in the one, LeakyReLU in the other, weights from N(0, 0.02), Adam with β₁ = 0.5. Both ways start
from the same weights, and a test holds their pictures, losses and steps equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.nn.convolution import SCRATCH, TORCH, Layers, convolve
from models.nn.optimisers import Adam

SIDE = 28
SPREAD, LEAK, BETAS = 0.02, 0.2, (0.5, 0.999)
AT_ONCE = 64  # pictures generated together: from scratch, the windows of one take 2 MB
PLAYERS = ("generator", "discriminator")
COUNTER = "num_batches_tracked"  # kept by batch normalisation, and of no use here


@dataclass(frozen=True, slots=True)
class Recipe:
    """latent: numbers of noise for a picture. width: channels of the 14 x 14 maps. norm: with batch normalisation.

    rate_g, rate_d: Adam's learning rates of the generator and of the discriminator.
    """

    latent: int = 64
    width: int = 32
    norm: bool = True
    rate_g: float = 2e-4
    rate_d: float = 2e-4
    seed: int = 0


def transposed_convolution(maps: Tensor, weight: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    """A strided convolution's way back: zeros between the values, then a convolution with the kernels turned round (Dumoulin and
    Visin 2016). (B, C, H, W), (C, O, K, K) -> (B, O, (H - 1) stride - 2 padding + K, …)."""
    batch, channels, height, width = maps.shape
    spread = maps.new_zeros(batch, channels, (height - 1) * stride + 1, (width - 1) * stride + 1)
    spread[:, :, ::stride, ::stride] = maps
    turned = weight.flip(2, 3).transpose(0, 1)  # (C, O, K, K) -> (O, C, K, K)
    return convolve(spread, turned, padding=weight.shape[-1] - 1 - padding)


class TransposedConv2d(nn.Module):
    """Square kernels. The weights are set by the network."""

    def __init__(
        self, channels: int, kernels: int, kernel_size: int, stride: int = 1, padding: int = 0, bias: bool = True
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, padding
        self.weight = nn.Parameter(torch.zeros(channels, kernels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(kernels)) if bias else None

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, O, H', W')."""
        made = transposed_convolution(maps, self.weight, self.stride, self.padding)
        return made if self.bias is None else made + self.bias[:, None, None]


@dataclass(frozen=True, slots=True)
class Way:
    """What the two networks are built from."""

    layers: Layers
    transposed: Any


WAYS = {"scratch": Way(SCRATCH, TransposedConv2d), "torch": Way(TORCH, nn.ConvTranspose2d)}


class Generator(nn.Module):
    """Noise to pictures. Its first layer is the 7 x 7 convolution that Radford et al. call project and reshape."""

    def __init__(self, recipe: Recipe, way: Way) -> None:
        super().__init__()
        wide, bias = recipe.width, not recipe.norm
        self.layers = nn.ModuleList(
            [
                way.transposed(recipe.latent, 2 * wide, 7, bias=bias),
                way.transposed(2 * wide, wide, 4, stride=2, padding=1, bias=bias),
                way.transposed(wide, 1, 4, stride=2, padding=1),
            ]
        )
        self.norms = nn.ModuleList(_norm(channels, recipe, way) for channels in (2 * wide, wide))

    def forward(self, z: Tensor) -> Tensor:
        """(B, latent) -> (B, 1, 28, 28)."""
        maps = z[:, :, None, None]  # (B, latent) -> (B, latent, 1, 1)
        for layer, norm in zip(self.layers, self.norms, strict=False):
            maps = norm(layer(maps)).clamp(min=0)  # (B, 2 w, 7, 7), (B, w, 14, 14)
        made: Tensor = self.layers[-1](maps).tanh()
        return made


class Discriminator(nn.Module):
    """Pictures to scores; the sigmoid of a score is the probability that the picture is real."""

    def __init__(self, recipe: Recipe, way: Way) -> None:
        super().__init__()
        wide = recipe.width
        conv = way.layers.conv
        self.layers = nn.ModuleList(
            [
                conv(1, wide, 4, stride=2, padding=1),
                conv(wide, 2 * wide, 4, stride=2, padding=1, bias=not recipe.norm),
                conv(2 * wide, 1, 7),
            ]
        )
        self.norms = nn.ModuleList([nn.Identity(), _norm(2 * wide, recipe, way)])

    def forward(self, images: Tensor) -> Tensor:
        """(B, 1, 28, 28) -> (B,)."""
        maps = images
        for layer, norm in zip(self.layers, self.norms, strict=False):
            maps = norm(layer(maps))  # (B, w, 14, 14), (B, 2 w, 7, 7)
            maps = torch.where(maps > 0, maps, LEAK * maps)
        scores: Tensor = self.layers[-1](maps)
        return scores.flatten()  # (B, 1, 1, 1) -> (B,)


def _norm(channels: int, recipe: Recipe, way: Way) -> Any:
    return way.layers.norm(channels) if recipe.norm else nn.Identity()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), with D the sigmoid of the scores: (B,), (B,) -> (). 2 ln 2 for one who only guesses."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """-log D(G(z)): (B,) -> ()."""
    return functional.softplus(-fake).mean()


class Dcgan:
    """See the module."""

    def __init__(self, recipe: Recipe, way: str = "torch") -> None:
        self.recipe = recipe
        self.generator, self.discriminator = Generator(recipe, WAYS[way]), Discriminator(recipe, WAYS[way])
        draw = torch.Generator().manual_seed(recipe.seed)
        self._players: dict[str, nn.Module] = dict(zip(PLAYERS, (self.generator, self.discriminator), strict=True))
        for net in self._players.values():
            _initialise(net, draw)
        rates = (recipe.rate_g, recipe.rate_d)
        step = _OwnAdam if way == "scratch" else _TorchAdam
        self._steps = {
            player: step(list(net.parameters()), rate)
            for (player, net), rate in zip(self._players.items(), rates, strict=True)
        }

    def parameters(self) -> int:
        """How many numbers both players learn."""
        return sum(weight.numel() for net in self._players.values() for weight in net.parameters())

    def learn(self, real: Tensor, z: Tensor) -> tuple[float, float]:
        """One step of the discriminator, then one of the generator on the same noise; their losses before them. real: (B, 1, 28, 28)
        from -1 to 1; z: (B, latent)."""
        for net in self._players.values():
            net.train()
        fake = self.generator(z)
        loss_d = discriminator_loss(self.discriminator(real), self.discriminator(fake.detach()))
        self._steps["discriminator"](loss_d)
        loss_g = generator_loss(self.discriminator(fake))
        self._steps["generator"](loss_g)
        return float(loss_d.detach()), float(loss_g.detach())

    def generate(self, z: Tensor) -> Tensor:
        """(B, latent) -> (B, 1, 28, 28), from -1 to 1; each picture by itself, whatever else is in the batch."""
        self.generator.eval()
        with torch.no_grad():
            parts = [self.generator(z[at : at + AT_ONCE]) for at in range(0, len(z), AT_ONCE)]
        return torch.cat(parts)

    def judge(self, images: Tensor) -> Tensor:
        """The probability that each is real: (B, 1, 28, 28) -> (B,)."""
        self.discriminator.eval()
        with torch.no_grad():
            scores: Tensor = self.discriminator(images)
        return scores.sigmoid()

    def state(self) -> dict[str, Tensor]:
        """Name -> value, `generator.layers.0.weight` …; the same names in both ways."""
        return {
            f"{player}.{name}": value.detach().clone()
            for player, net in self._players.items()
            for name, value in net.state_dict().items()
            if not name.endswith(COUNTER)
        }

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Takes over what `state` gave. Raises KeyError where one is missing."""
        with torch.no_grad():
            for player, net in self._players.items():
                for name, value in net.state_dict().items():
                    if not name.endswith(COUNTER):
                        value.copy_(values[f"{player}.{name}"])


def _initialise(net: nn.Module, draw: torch.Generator) -> None:
    """Weights from N(0, 0.02), biases 0; batch normalisation begins at 1 and 0."""
    with torch.no_grad():
        for name, weight in net.named_parameters():
            if weight.ndim > 1:
                weight.copy_(SPREAD * torch.randn(weight.shape, generator=draw))
            elif name.endswith("bias"):
                weight.zero_()


class _OwnAdam:
    """A step of models/nn/optimisers.py on these weights, and on no other's."""

    def __init__(self, weights: list[nn.Parameter], rate: float) -> None:
        self._weights, self._adam = weights, Adam(rate, *BETAS)

    def __call__(self, loss: Tensor) -> None:
        gradients = torch.autograd.grad(loss, self._weights)
        with torch.no_grad():
            for weight, after in zip(self._weights, self._adam.step(self._weights, gradients), strict=True):
                weight.copy_(after)


class _TorchAdam:
    """The same with torch.optim."""

    def __init__(self, weights: list[nn.Parameter], rate: float) -> None:
        self._weights, self._adam = weights, torch.optim.Adam(weights, lr=rate, betas=BETAS)

    def __call__(self, loss: Tensor) -> None:
        for weight, gradient in zip(self._weights, torch.autograd.grad(loss, self._weights), strict=True):
            weight.grad = gradient
        self._adam.step()
