"""Fixtures for all tests: a home of their own, the downloaded weights, and the sample data beside the checkout.

Weights are looked for in COURSEMATE_TEST_HOME (default: .home in the checkout), where `make test` puts them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
TEST_HOME = Path(os.environ.get("COURSEMATE_TEST_HOME") or ROOT / ".home").absolute()
TEST_WEIGHTS = ("qwen2.5-coder-0.5b", "multilingual-e5-small")
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="session", autouse=True)
def quiet_environment() -> Iterator[None]:
    """No test sees the developer's settings or keys, and no library calls home."""
    from app.settings import silence_libraries

    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("COURSEMATE_") or name.endswith("_API_KEY"):
                patch.delenv(name)
        silence_libraries()
        yield


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of sample material beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the sample data beside the checkout (../shared) are not here")
    return SHARED


@pytest.fixture(scope="session")
def shared_data(shared: Path) -> Path:
    """The sample data beside the checkout."""
    return shared / "data"


@pytest.fixture(scope="session")
def weights_dir() -> Path:
    """A weights folder that holds the 0.5B model and e5, checked by hash."""
    from models.fetch import WeightsStore

    store = WeightsStore(TEST_HOME / "weights")
    for name in TEST_WEIGHTS:
        if store.path(name) is None:
            pytest.skip(f"weights are not here: coursemate --home {TEST_HOME} models pull {name}")
    return TEST_HOME / "weights"


class TinyGGUF:
    """Writes GGUF files that have a head and tensors of the right shapes, and no sense in them."""

    def model(self, path: Path, width: int = 8, architecture: str = "qwen2", name: str = "Tiny") -> Path:
        shapes = {"token_embd.weight": (16, width), "blk.0.attn_q.weight": (width, width)}
        return self._write(path, architecture, shapes, {"general.name": name, f"{architecture}.block_count": 1})

    def adapter(self, path: Path, width: int = 8, architecture: str = "qwen2", base: str = "Tiny") -> Path:
        shapes = {"blk.0.attn_q.weight.lora_a": (2, width), "blk.0.attn_q.weight.lora_b": (width, 2)}
        told = {"general.type": "adapter", "adapter.type": "lora", "adapter.lora.alpha": 4.0}
        return self._write(path, architecture, shapes, {**told, "coursemate.base_name": base})

    def _write(
        self, path: Path, architecture: str, shapes: dict[str, tuple[int, int]], told: dict[str, object]
    ) -> Path:
        import gguf
        import numpy as np

        writer = gguf.GGUFWriter(path, architecture)
        add = {str: writer.add_string, float: writer.add_float32, int: writer.add_uint32}
        for key, value in told.items():
            add[type(value)](key, value)
        writer.add_token_list(["a", "b"])
        for name, shape in shapes.items():
            writer.add_tensor(name, np.full(shape, 0.5, dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path


@pytest.fixture(scope="session")
def tiny_gguf() -> TinyGGUF:
    """`tiny_gguf.model(path)` and `tiny_gguf.adapter(path)`, which fit each other unless told otherwise."""
    return TinyGGUF()


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2 with random weights and a tokenizer of bytes, as `from_pretrained` takes it: 2 layers, hidden size 64, 259 tokens,
    embeddings tied as in Qwen's small ones. Training on it takes seconds."""
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
