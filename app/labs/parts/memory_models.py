"""What a language model takes in memory while it answers: its weights, and the keys and values it keeps of every token.

    model = PUBLISHED["qwen2.5-7b"]
    cache_bytes(model, tokens=32_768, requests=16, bits=16)        2 · layers · kv heads · head · tokens · requests · bits / 8

The shapes are those of the published config.json files (huggingface.co/Qwen, Yang et al. 2024, table 1).
"""

from __future__ import annotations

from dataclasses import dataclass

GIGA = 1e9


@dataclass(frozen=True, slots=True)
class Model:
    """kv_heads: of keys and values, shared by the heads of queries. context: tokens it was trained to read. parameters: of all weights."""

    layers: int
    heads: int
    kv_heads: int
    head: int
    context: int
    parameters: int


PUBLISHED = {
    "qwen2.5-0.5b": Model(24, 14, 2, 64, 32_768, 494_032_768),
    "qwen2.5-1.5b": Model(28, 12, 2, 128, 32_768, 1_543_714_304),
    "qwen2.5-7b": Model(28, 28, 4, 128, 131_072, 7_615_616_512),
}


def token_bytes(model: Model, bits: int, shared: bool = True) -> float:
    """What the cache grows by with each token. shared: False as if every head of queries had keys and values of its own."""
    return 2 * model.layers * (model.kv_heads if shared else model.heads) * model.head * bits / 8


def cache_bytes(model: Model, tokens: int, requests: int, bits: int, shared: bool = True) -> float:
    """Of so many requests of so many tokens each."""
    return token_bytes(model, bits, shared) * tokens * requests


def weight_bytes(model: Model, bits: int) -> float:
    """Without the scales that packed weights have beside their codes."""
    return model.parameters * bits / 8


def tokens_that_fit(model: Model, room: float, requests: int, weight_bits: int, cache_bits: int) -> int:
    """Tokens a request that go into `room` bytes beside the weights; 0 where the weights alone do not."""
    left = room - weight_bytes(model, weight_bits)
    return max(0, int(left // (token_bytes(model, cache_bits) * requests)))
