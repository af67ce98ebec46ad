"""A tiny Qwen2 with random weights and a tokenizer of bytes, made here: training on it takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune.base import Example
from finetune.data.store import Datasets, Told

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `from_pretrained` takes it: 2 layers, hidden size 64, 259 tokens, embeddings tied as in Qwen's small ones."""
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("base") / "tiny-qwen2"
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: n for n, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    fast.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(fast),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
        bos_token_id=None,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


def small_examples(count: int) -> list[Example]:
    """Questions that all have the same short answer, so that a few steps of any method learn it."""
    return [
        Example(
            id=str(number),
            messages=(
                {"role": "user", "content": f"What is {number}?" + " Say it." * (number % 3)},
                {"role": "assistant", "content": "a number [1]"},
            ),
            origin="own:test",
        )
        for number in range(count)
    ]


def fill(home: Path) -> Path:
    """Puts the dataset `small` there: 24 examples to train on, 4 to validate with."""
    examples = small_examples(28)
    Datasets(home).save("small", {"train": examples[:24], "validation": examples[24:]}, Told())
    return home


@pytest.fixture
def bench_home(home: Path) -> Path:
    """A home with the dataset `small`."""
    return fill(home)


@pytest.fixture(scope="module")
def calm_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for tests that share one."""
    return fill(tmp_path_factory.mktemp("calm"))
