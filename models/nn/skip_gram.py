"""Skip-gram with negative sampling: word vectors from what stands around a word. Once with the gradient by hand, once from torch.nn.

    model = SkipGram(words=1500, dimension=64)
    loss = model.step(centres, contexts, negatives, rate=0.5)

For a pair of a centre c and a word o beside it, with k words n drawn at random (Mikolov et al. 2013b, equation 4):

    L = -log σ(u_o · v_c) - Σ_n log σ(-u_n · v_c)

    ∂L/∂v_c = (σ(u_o · v_c) - 1) u_o + Σ_n σ(u_n · v_c) u_n
    ∂L/∂u_o = (σ(u_o · v_c) - 1) v_c          ∂L/∂u_n = σ(u_n · v_c) v_c

`negative_shares` are the chances of the words drawn (counts to the power of 3/4), `kept_shares` how often a frequent word is kept
(subsampling, equation 5 of the same paper).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

POWER = 0.75


class SkipGram:
    """By hand: `centre` (V, D) holds the word vectors, `context` (V, D) those of the words around; no autograd."""

    def __init__(self, words: int, dimension: int, seed: int = 0) -> None:
        draw = torch.Generator().manual_seed(seed)
        self.centre = (torch.rand(words, dimension, generator=draw) - 0.5) / dimension
        self.context = torch.zeros(words, dimension)

    def gradients(self, centres: Tensor, contexts: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean loss and its gradients by both tables, (V, D) each, for centres (B,), contexts (B,), negatives (B, K)."""
        v = self.centre[centres]  # (B, D)
        others = torch.cat([contexts[:, None], negatives], dim=1)  # (B, 1 + K)
        u = self.context[others]  # (B, 1 + K, D)
        scores = (u @ v[:, :, None]).squeeze(-1)  # (B, 1 + K, D) @ (B, D, 1) -> (B, 1 + K)
        signs = -torch.ones_like(scores)
        signs[:, 0] = 1  # the first is the true one
        loss = torch.nn.functional.softplus(-signs * scores).sum(dim=1).mean()  # -log σ(x) = softplus(-x)
        slope = (torch.sigmoid(scores) - (signs > 0).float()) / len(centres)  # ∂L/∂score: (B, 1 + K)
        by_centre, by_context = torch.zeros_like(self.centre), torch.zeros_like(self.context)
        by_centre.index_add_(0, centres, (slope[:, :, None] * u).sum(dim=1))  # (B, 1 + K, D) -> (B, D)
        outer = slope[:, :, None] * v[:, None, :]  # (B, 1 + K, D)
        by_context.index_add_(0, others.flatten(), outer.flatten(0, 1))
        return loss, by_centre, by_context

    def step(self, centres: Tensor, contexts: Tensor, negatives: Tensor, rate: float) -> float:
        """One step of gradient descent; the loss before it. rate: for each pair of the batch, as if they came one by one."""
        loss, by_centre, by_context = self.gradients(centres, contexts, negatives)
        self.centre -= rate * len(centres) * by_centre
        self.context -= rate * len(centres) * by_context
        return loss.item()

    def vectors(self) -> Tensor:
        """Word vectors of length 1: (V, D)."""
        return nn.functional.normalize(self.centre, dim=1)


class TorchSkipGram(nn.Module):
    """The same out of two nn.Embedding, with the gradient of autograd; `step` as above."""

    def __init__(self, words: int, dimension: int) -> None:
        super().__init__()
        self.centre = nn.Embedding(words, dimension)
        self.context = nn.Embedding(words, dimension)
        nn.init.uniform_(self.centre.weight, -0.5 / dimension, 0.5 / dimension)
        nn.init.zeros_(self.context.weight)

    def forward(self, centres: Tensor, contexts: Tensor, negatives: Tensor) -> Tensor:
        """Mean loss of centres (B,), contexts (B,), negatives (B, K)."""
        v = self.centre(centres)  # (B, D)
        true = (self.context(contexts) * v).sum(dim=-1)  # (B, D) -> (B,)
        false = (self.context(negatives) * v[:, None]).sum(dim=-1)  # (B, K, D) -> (B, K)
        loss: Tensor = -nn.functional.logsigmoid(true) - nn.functional.logsigmoid(-false).sum(dim=-1)
        return loss.mean()

    def step(self, centres: Tensor, contexts: Tensor, negatives: Tensor, rate: float) -> float:
        """One step of gradient descent; the loss before it."""
        loss = self(centres, contexts, negatives)
        self.zero_grad()
        loss.backward()
        torch.optim.SGD(self.parameters(), lr=rate * len(centres)).step()
        return float(loss.item())

    def vectors(self) -> Tensor:
        """Word vectors of length 1: (V, D)."""
        return nn.functional.normalize(self.centre.weight.detach(), dim=1)


def negative_shares(counts: Tensor) -> Tensor:
    """Chances by which words are drawn as negatives: (V,) -> (V,)."""
    raised = counts.double().pow(POWER)
    return (raised / raised.sum()).float()


def kept_shares(counts: Tensor, threshold: float) -> Tensor:
    """How often an occurrence of each word is kept: min(1, √(t / f)) with f its share of the text: (V,) -> (V,)."""
    shares = counts.double() / counts.sum()
    return torch.sqrt(threshold / shares).clamp(max=1.0).float() if threshold < math.inf else torch.ones(len(counts))
