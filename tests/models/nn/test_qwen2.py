"""Qwen2 from scratch is that of transformers: logits, attention, the stream; a cache changes nothing but the work."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from models.nn.quantize import Scheme, pack_all  # noqa: E402
from models.nn.qwen2 import Cache, Qwen2, Seen, generate, shape_of  # noqa: E402


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def twins(request: pytest.FixtureRequest) -> tuple[Qwen2, Any]:
    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        vocab_size=50,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=3,
        num_attention_heads=6,
        num_key_value_heads=2,
        tie_word_embeddings=request.param,
        initializer_range=0.3,
    )
    twin = transformers.Qwen2ForCausalLM(config).eval()
    twin.set_attn_implementation("eager")
    return Qwen2(shape_of(config.to_dict()), twin.state_dict()), twin


TOKENS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6], [5, 3, 5, 8, 9, 7, 9, 3]])


@torch.no_grad()
def test_it_is_that_of_transformers(twins: tuple[Qwen2, Any]) -> None:
    model, twin = twins
    theirs = twin(TOKENS, output_attentions=True, output_hidden_states=True, use_cache=False)
    seen = Seen()
    torch.testing.assert_close(model.logits(model.read(TOKENS, seen=seen)), theirs.logits, atol=2e-5, rtol=1e-4)
    for ours, other in zip(seen.shares, theirs.attentions, strict=True):
        torch.testing.assert_close(ours, other, atol=1e-5, rtol=1e-4)
    for ours, other in zip(seen.residual[:-1], theirs.hidden_states[:-1], strict=True):
        torch.testing.assert_close(ours, other, atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_a_cache_changes_no_number(twins: tuple[Qwen2, Any]) -> None:
    model, _ = twins
    whole, cache = model.read(TOKENS), Cache()
    parts = [model.read(part, cache) for part in TOKENS.split([3, 1, 4], dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-4)
    assert len(cache) == 8
    assert cache.nbytes == 2 * 3 * 2 * 4 * 8 * 2 * 4  # K and V, layers, kv heads, head, tokens, batch, bytes


@torch.no_grad()
def test_it_generates_as_transformers_does(twins: tuple[Qwen2, Any]) -> None:
    model, twin = twins
    tokens, cached, cache = TOKENS[0], TOKENS[0], Cache()
    for _ in range(5):
        tokens = torch.cat([tokens, generate(model, tokens, None)[None]])
        cached = torch.cat([cached, generate(model, cached, cache)[None]])
    theirs = twin.generate(
        TOKENS[:1],
        attention_mask=torch.ones_like(TOKENS[:1]),
        max_new_tokens=5,
        do_sample=False,
        pad_token_id=0,
        eos_token_id=None,
    )[0]
    assert tokens.tolist() == cached.tolist() == theirs.tolist()


def test_it_counts_its_parameters(twins: tuple[Qwen2, Any]) -> None:
    model, twin = twins
    assert model.shape.parameters() == sum(each.numel() for each in twin.parameters())


@torch.no_grad()
def test_packed_in_eight_bits_it_says_nearly_the_same(twins: tuple[Qwen2, Any]) -> None:
    model, _ = twins
    packed = Qwen2(model.shape, pack_all(dict(model.weights), Scheme(8)))  # type: ignore[arg-type]
    ours, theirs = (torch.log_softmax(each.logits(each.read(TOKENS)), -1) for each in (packed, model))
    assert (ours - theirs).abs().mean() < 0.2
