"""Packed weights: int8 as torch rounds it, NF4 with the levels of its paper, smaller by what the bits say, unpacked without surprise."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from models.nn.quantize import (  # noqa: E402
    CHANNEL,
    TENSOR,
    Scheme,
    dense,
    normal_levels,
    pack,
    pack_all,
    relative_error,
    rounded_torch,
)

SCHEMES = [
    Scheme(bits, group, "even")  # type: ignore[arg-type]
    for bits in (2, 4, 8)
    for group in (TENSOR, CHANNEL, 8, 32)
] + [Scheme(4, group, "normal") for group in (TENSOR, CHANNEL, 8, 64)]


def weight(rows: int = 24, columns: int = 40, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * 0.05


def named(scheme: Scheme) -> str:
    return f"{scheme.bits}-{scheme.group}-{scheme.grid}"


def test_int8_by_row_is_torchs() -> None:
    torch.testing.assert_close(pack(weight(), Scheme()).unpack(), rounded_torch(weight()), atol=1e-7, rtol=1e-6)


def test_the_levels_are_those_of_the_paper() -> None:
    published = [-1.0, -0.6961928, -0.5250731, -0.3949175, -0.2844414, -0.1847734, -0.0910500, 0.0]
    published += [0.0795803, 0.1609302, 0.2461123, 0.3379152, 0.4407098, 0.5626170, 0.7229568, 1.0]
    torch.testing.assert_close(normal_levels(), torch.tensor(published), atol=1e-5, rtol=0)


@pytest.mark.parametrize("scheme", SCHEMES, ids=named)
@pytest.mark.parametrize("shape", [(24, 40), (7, 33), (1, 1), (5, 8)], ids=["even", "odd", "one", "small"])
def test_every_weight_becomes_the_nearest_level(scheme: Scheme, shape: tuple[int, int]) -> None:
    given = weight(*shape)
    packed = pack(given, scheme)
    found = packed.unpack()
    assert found.shape == given.shape
    widest = 2 / 3 * (given.abs().max() if scheme.bits == 2 else 0) + given.abs().max() * (
        0.2 if scheme.bits == 4 else 0.01
    )
    assert (found - given).abs().max() <= widest
    again = pack(found, scheme).unpack()
    torch.testing.assert_close(again, found, atol=2e-4, rtol=2e-2)


def test_fewer_bits_take_less_and_lose_more() -> None:
    big = weight(64, 256)
    sizes = {bits: pack(big, Scheme(bits, CHANNEL)).nbytes for bits in (2, 4, 8)}  # type: ignore[arg-type]
    assert sizes == {bits: 64 * 256 * bits // 8 + 64 * 2 for bits in (2, 4, 8)}
    errors = [relative_error(big, pack(big, Scheme(bits, 32))) for bits in (8, 4, 2)]  # type: ignore[arg-type]
    assert errors == sorted(errors)
    assert errors[0] < 0.01 < errors[1] < 0.15


def test_smaller_groups_lose_less() -> None:
    big = weight(64, 256)
    errors = [relative_error(big, pack(big, Scheme(4, group))) for group in (TENSOR, CHANNEL, 128, 32, 8)]
    assert errors == sorted(errors, reverse=True)


def test_normal_levels_suit_normal_weights() -> None:
    big = weight(64, 256)
    even, normal = (relative_error(big, pack(big, Scheme(4, 64, grid))) for grid in ("even", "normal"))
    assert normal < even


def test_zeros_stay_zeros() -> None:
    for scheme in SCHEMES:
        assert pack(torch.zeros(4, 32), scheme).unpack().abs().max() == 0


def test_vectors_stay_as_they_are() -> None:
    given = {"matrix": weight(), "bias": weight()[0]}
    packed = pack_all(given, Scheme())
    assert packed["bias"] is given["bias"]
    assert dense(packed["matrix"], torch.bfloat16).dtype == torch.bfloat16
