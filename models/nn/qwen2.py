"""Qwen2, every formula written out: it reads the weights that transformers reads, and shows what happens inside.

    model = Qwen2(shape_of(config), weights)
    seen = Seen()
    logits = model.logits(model.read(tokens, seen=seen))   # (B, T, C) -> (B, T, V)
    seen.residual, seen.shares                             # the stream after each layer, and each head's attention
    cache = Cache(); model.read(tokens, cache); model.read(next_token, cache)

Yang et al. 2024, "Qwen2.5 Technical Report". A decoder as Llama's: norms without a mean (Zhang and Sennrich 2019), rotary positions (Su et al.
2021), heads of queries that share keys and values (Ainslie et al. 2023), and a gated feed-forward part (Shazeer 2020). Each layer adds to
the residual stream; what is in it can be read out at any layer by the output matrix (nostalgebraist 2020, "logit lens"). Weights may be
packed in fewer bits (models/nn/quantize.py): they are unpacked when they are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from models.nn.attention import attend, causal_mask, from_heads, rotate, shared_by, to_heads
from models.nn.quantize import Weight, dense

EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


@dataclass(frozen=True, slots=True)
class Shape:
    """width: C. hidden: of the feed-forward part. kv_heads: of keys and values, each shared by heads / kv_heads. head: D."""

    vocabulary: int
    width: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head: int
    epsilon: float = 1e-6
    base: float = 1e6
    tied: bool = True

    def parameters(self) -> int:
        """How many numbers the model has."""
        c, kv = self.width, self.kv_heads * self.head
        q = self.heads * self.head
        layer = (q + 2 * kv) * (c + 1) + q * c + 3 * c * self.hidden + 2 * c
        return self.layers * layer + c + self.vocabulary * c * (1 if self.tied else 2)


def shape_of(config: Mapping[str, Any]) -> Shape:
    """From a config.json of transformers."""
    heads, width = int(config["num_attention_heads"]), int(config["hidden_size"])
    rope = config.get("rope_parameters") or {}
    return Shape(
        vocabulary=int(config["vocab_size"]),
        width=width,
        hidden=int(config["intermediate_size"]),
        layers=int(config["num_hidden_layers"]),
        heads=heads,
        kv_heads=int(config["num_key_value_heads"]),
        head=int(config.get("head_dim") or width // heads),
        epsilon=float(config["rms_norm_eps"]),
        base=float(rope.get("rope_theta") or config.get("rope_theta") or 1e4),
        tied=bool(config["tie_word_embeddings"]),
    )


@dataclass(slots=True)
class Cache:
    """Keys and values of what was read, by layer: (B, KV, T, D) each. A new token then needs only its own."""

    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)

    def __len__(self) -> int:
        """Tokens in it."""
        return self.keys[0].shape[2] if self.keys else 0

    @property
    def nbytes(self) -> int:
        return sum(each.nbytes for each in (*self.keys, *self.values))

    def extended(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Keeps k and v behind what is there, and gives all: (B, KV, T, D)."""
        if layer == len(self.keys):
            self.keys.append(k)
            self.values.append(v)
        else:
            self.keys[layer] = torch.cat([self.keys[layer], k], dim=2)
            self.values[layer] = torch.cat([self.values[layer], v], dim=2)
        return self.keys[layer], self.values[layer]


@dataclass(slots=True)
class Seen:
    """What happened inside. residual: after the embedding and after each layer, (B, T, C). shares: of each layer, (B, H, T, T)."""

    residual: list[Tensor] = field(default_factory=list)
    shares: list[Tensor] = field(default_factory=list)


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """x divided by its root mean square over the width, then scaled: (…, C) -> (…, C)."""
    return x * torch.rsqrt(x.pow(2).mean(dim=-1, keepdim=True) + epsilon) * weight


def silu(x: Tensor) -> Tensor:
    """x σ(x)."""
    return x * torch.sigmoid(x)


class Qwen2:
    """weights: by transformers' names, all of one dtype, or packed. dtype: what is computed in."""

    def __init__(self, shape: Shape, weights: Mapping[str, Weight], dtype: torch.dtype = torch.float32) -> None:
        self.shape, self.weights, self.dtype = shape, weights, dtype

    def read(self, tokens: Tensor, cache: Cache | None = None, seen: Seen | None = None) -> Tensor:
        """The residual stream behind the last layer: (B, T) -> (B, T, C). cache: of the tokens before, which it adds to."""
        begun = len(cache) if cache is not None else 0
        x = self._embedded(tokens)  # (B, T, C)
        if seen is not None:
            seen.residual.append(x)
        for layer in range(self.shape.layers):
            at = f"model.layers.{layer}."
            x = x + self._attend(self._norm(x, at + "input_layernorm"), layer, begun, cache, seen)
            x = x + self._feed(self._norm(x, at + "post_attention_layernorm"), at + "mlp.")
            if seen is not None:
                seen.residual.append(x)
        return x

    def logits(self, residual: Tensor) -> Tensor:
        """What the stream says of the next token, at any layer: (…, C) -> (…, V)."""
        return self._times(self._norm(residual, "model.norm"), EMBEDDING if self.shape.tied else HEAD)

    def _embedded(self, tokens: Tensor) -> Tensor:
        table = self.weights[EMBEDDING]
        if isinstance(table, Tensor):
            return table[tokens].to(self.dtype)  # (V, C), (B, T) -> (B, T, C)
        return dense(table, self.dtype)[tokens]

    def _attend(self, x: Tensor, layer: int, begun: int, cache: Cache | None, seen: Seen | None) -> Tensor:
        """(B, T, C) -> (B, T, C)."""
        at, shape = f"model.layers.{layer}.self_attn.", self.shape
        places = torch.arange(begun, begun + x.shape[1])  # (T,)
        q = rotate(to_heads(self._linear(x, at + "q_proj"), shape.heads), places, shape.base)  # (B, H, T, D)
        k = rotate(to_heads(self._linear(x, at + "k_proj"), shape.kv_heads), places, shape.base)  # (B, KV, T, D)
        v = to_heads(self._linear(x, at + "v_proj"), shape.kv_heads)  # (B, KV, T, D)
        if cache is not None:
            k, v = cache.extended(layer, k, v)
        times = shape.heads // shape.kv_heads
        mask = causal_mask(x.shape[1], k.shape[2]).to(x.dtype)  # (T, Tk)
        mixed, shares = attend(q, shared_by(k, times), shared_by(v, times), mask)
        if seen is not None:
            seen.shares.append(shares)
        return self._times(from_heads(mixed), at + "o_proj.weight")

    def _feed(self, x: Tensor, at: str) -> Tensor:
        """(B, T, C) -> (B, T, C)."""
        gate, up = (self._times(x, f"{at}{name}_proj.weight") for name in ("gate", "up"))  # (B, T, hidden) each
        return self._times(silu(gate) * up, at + "down_proj.weight")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return self._times(x, name + ".weight") + self._vector(name + ".bias")

    def _times(self, x: Tensor, name: str) -> Tensor:
        return x @ dense(self.weights[name], self.dtype).T

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return rms_norm(x, self._vector(name + ".weight"), self.shape.epsilon)

    def _vector(self, name: str) -> Tensor:
        vector = self.weights[name]
        assert isinstance(vector, Tensor), "only matrices are packed"
        return vector


def generate(model: Qwen2, tokens: Tensor, cache: Cache | None) -> Tensor:
    """The likeliest token behind tokens (T,), read anew; with a cache only those it does not hold: ()."""
    unread = tokens[len(cache) :] if cache is not None else tokens
    last = model.read(unread[None], cache)[0, -1]  # (1, T, C) -> (C,)
    return model.logits(last).argmax()
