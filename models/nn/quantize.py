"""Weights in fewer bits, from scratch: rounded onto a grid, several codes in a byte, unpacked when they are used.

    packed = pack(weight, Scheme(bits=8))                          # int8, a scale for each row (output channel)
    packed = pack(weight, Scheme(bits=4, group=32))                # 4 bits, a scale for every 32 weights of a row
    packed = pack(weight, Scheme(bits=4, group=64, grid="normal")) # NF4: levels where a normal distribution has its weights
    packed.unpack(), packed.nbytes

Even grids are symmetric: code = round(w / s), s = max|w| / (2^(bits-1) - 1). NF4 is that of QLoRA (Dettmers et al. 2023), without the
second quantization of the scales. Scales are kept in float16.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch
from torch import Tensor, nn

TENSOR, CHANNEL = -1, 0  # one scale for the whole matrix, one for each row
OFFSET = 0.9677083  # of NF4: mean of 1 - 1/32 and 1 - 1/30, so that the outermost levels are finite
TINY = 6.2e-5  # of float16, so that no scale is 0
BYTE = 8


@dataclass(frozen=True, slots=True)
class Scheme:
    """bits: 2, 4 or 8. group: weights of a row that share a scale; CHANNEL for the row, TENSOR for all. grid: of the levels."""

    bits: Literal[2, 4, 8] = 8
    group: int = CHANNEL
    grid: Literal["even", "normal"] = "even"

    @property
    def most(self) -> int:
        """The largest code of an even grid, counted from its middle."""
        return int(2 ** (self.bits - 1) - 1)


@dataclass(frozen=True, slots=True)
class Packed:
    """codes: 8 / bits of them in a byte, (groups, bytes). scales: (groups, 1) float16. shape: of the weight, (rows, columns).

    Columns are filled up with zeros to whole groups.
    """

    codes: Tensor
    scales: Tensor
    shape: tuple[int, int]
    scheme: Scheme

    @property
    def nbytes(self) -> int:
        """Of codes and scales."""
        return self.codes.nbytes + self.scales.nbytes

    def unpack(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """The weight as it now is: (rows, columns)."""
        rows, columns = self.shape
        codes = _spread(self.codes, self.scheme.bits)  # (groups, size)
        if self.scheme.grid == "even":
            values = codes.to(dtype).sub_(self.scheme.most).mul_(self.scales.to(dtype))
        else:
            values = normal_levels().to(dtype)[codes.int()].mul_(self.scales.to(dtype))
        if len(values) == 1:  # one scale for all
            return values.view(-1)[: rows * columns].view(rows, columns)  # (1, size) -> (rows, columns)
        return values.view(rows, -1)[:, :columns]  # (groups, size) -> (rows, columns)


Weight = Tensor | Packed


def dense(weight: Weight, dtype: torch.dtype) -> Tensor:
    """A weight as it is multiplied with: (rows, columns)."""
    return weight.unpack(dtype) if isinstance(weight, Packed) else weight


def pack(weight: Tensor, scheme: Scheme) -> Packed:
    """The nearest code for each weight (rows, columns)."""
    groups = _groups(weight.to(torch.float32), scheme.group)  # (groups, size)
    largest = groups.abs().amax(dim=1, keepdim=True)  # (groups, 1)
    if scheme.grid == "even":
        scales = (largest / scheme.most).clamp(min=TINY).half()
        codes = (groups / scales.float()).round_().clamp_(-scheme.most, scheme.most).add_(scheme.most)
    else:
        scales, levels = largest.clamp(min=TINY).half(), normal_levels()
        edges = (levels[1:] + levels[:-1]) / 2  # halfway between neighbours
        codes = torch.bucketize(groups / scales.float(), edges, out_int32=True)
    rows, columns = weight.shape
    return Packed(_join(codes.to(torch.uint8), scheme.bits), scales, (rows, columns), scheme)


def pack_all(weights: Mapping[str, Tensor], scheme: Scheme) -> dict[str, Weight]:
    """Every matrix packed; vectors, which are few, as they are."""
    return {name: pack(weight, scheme) if weight.dim() == 2 else weight for name, weight in weights.items()}


@cache
def normal_levels() -> Tensor:
    """The sixteen levels of NF4, from -1 to 1, with 0 among them: quantiles of the normal distribution, eight and nine a side."""
    above, below = (torch.linspace(OFFSET, 0.5, count, dtype=torch.float64)[:-1] for count in (9, 8))
    quantiles = torch.cat([torch.special.ndtri(above), torch.zeros(1), -torch.special.ndtri(below)])
    return (quantiles / quantiles.max()).sort().values.float()


def rounded_torch(weight: Tensor) -> Tensor:
    """What int8 per row gives, by torch's own operation for training with quantization in the loop."""
    scales = (weight.abs().amax(dim=1) / 127).clamp(min=TINY).half().float()  # (rows,)
    zeros = torch.zeros(len(scales), dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, scales, zeros, 0, -127, 127)


def relative_error(weight: Tensor, packed: Packed) -> float:
    """‖ŵ - w‖ / ‖w‖."""
    lost, whole = (torch.linalg.vector_norm(each) for each in (packed.unpack() - weight, weight))
    return float(lost / whole)


def _groups(weight: Tensor, group: int) -> Tensor:
    """(rows, columns) -> (groups, size)."""
    if group == TENSOR:
        return weight.reshape(1, -1)
    if group == CHANNEL:
        return weight
    columns = weight.shape[1]
    filled = nn.functional.pad(weight, (0, math.ceil(columns / group) * group - columns))
    return filled.reshape(-1, group)


def _join(codes: Tensor, bits: int) -> Tensor:
    """Codes (groups, size) -> bytes (groups, size · bits / 8), the first code in the lowest bits."""
    each = BYTE // bits
    filled = nn.functional.pad(codes, (0, -codes.shape[1] % each))
    parts = filled.view(len(codes), -1, each)  # (groups, size) -> (groups, bytes, each)
    joined = parts[..., 0].clone()
    for place in range(1, each):
        joined |= parts[..., place] << (place * bits)
    return joined


def _spread(joined: Tensor, bits: int) -> Tensor:
    """Inverse of `_join`, filled-up codes included: (groups, bytes) -> (groups, size)."""
    if bits == BYTE:
        return joined
    parts = [(joined >> place) & (2**bits - 1) for place in range(0, BYTE, bits)]
    return torch.stack(parts, dim=-1).view(len(joined), -1)  # (groups, bytes, each) -> (groups, size)
