"""Activation checkpointing: a block's inner results are forgotten after the forward pass, and computed again when the backward pass needs them.

    y = recomputed(block, x)              # from scratch, by an autograd function
    y = recomputed_torch(block, x)        # torch.utils.checkpoint

Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost". Only the input of each block is kept; the price is a second forward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

Block = Callable[[Tensor], Tensor]


class _Recomputed(torch.autograd.Function):
    """Forward: the block without a graph. Backward: the block again, with one."""

    @staticmethod
    def forward(ctx: Any, block: Block, x: Tensor) -> Tensor:
        ctx.block = block
        ctx.save_for_backward(x)
        with torch.no_grad():
            return block(x)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (x,) = ctx.saved_tensors
        again = x.detach().requires_grad_()
        with torch.enable_grad():
            y = ctx.block(again)
        y.backward(grads[0])  # fills the gradients of the block's parameters, too
        return None, again.grad


def plain(block: Block, x: Tensor) -> Tensor:
    """Everything that the backward pass needs is kept."""
    return block(x)


def recomputed(block: Block, x: Tensor) -> Tensor:
    """From scratch. x must require a gradient, as the result of any layer with parameters does."""
    y: Tensor = _Recomputed.apply(block, x)  # type: ignore[no-untyped-call]
    return y


def recomputed_torch(block: Block, x: Tensor) -> Tensor:
    """The same by the library."""
    y: Tensor = checkpoint(block, x, use_reentrant=False)
    return y


WAYS: dict[str, Callable[[Block, Tensor], Tensor]] = {
    "plain": plain,
    "scratch": recomputed,
    "torch": recomputed_torch,
}
