"""The Hugging Face backend with a model of two tiny layers that is made here."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from models.backends.base import BackendConfig
from models.backends.hf import BACKEND
from models.chat.hf import HFChat
from models.chat.reliable import usage_of
from models.errors import ContextTooLong, InputError, WeightsError

pytest.importorskip("peft")
# peft 0.21 asks transformers 5.23 for a name that it will drop in version 6
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
WORDS = ["<unk>", "<eos>", "system", "user", "assistant", "드롭아웃은", "왜", "쓰나요", "과적합을", "줄인다", "안녕"]
TEMPLATE = "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}{% if add_generation_prompt %}assistant {% endif %}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Granite as safetensors, with a tokenizer of a few words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GraniteConfig, GraniteForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", eos_token="<eos>")
    wrapped.chat_template = TEMPLATE
    wrapped.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = GraniteConfig(vocab_size=len(WORDS), num_key_value_heads=1, max_position_embeddings=256, **sizes)
    config.eos_token_id = config.pad_token_id = None
    GraniteForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def chat(folder: Path) -> HFChat:
    return build(folder)


def build(folder: Path, **values: Any) -> HFChat:
    values = {"max_tokens": 8, "context_tokens": 256, **values}
    chat = BACKEND.build(BackendConfig(weights_dir=folder, model=str(folder), **values))
    assert isinstance(chat, HFChat)
    return chat


def test_streams_pieces_and_usage(chat: HFChat) -> None:
    pieces = list(chat.stream([SystemMessage("안녕"), HumanMessage("드롭아웃은 왜 쓰나요")]))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert len([piece for piece in pieces if piece.text]) > 1
    usage = usage_of(whole)
    assert (usage.prompt_tokens, usage.completion_tokens) == (7, 8)


def test_both_ways_say_the_same(chat: HFChat) -> None:
    assert chat.invoke("왜").text == asyncio.run(chat.ainvoke("왜")).text != ""


def test_closing_the_stream_ends_the_generation(folder: Path) -> None:
    chat = build(folder, max_tokens=200)
    steps = counted(chat)
    stream = chat.stream("왜")
    next(stream)
    stream.close()
    assert len(steps) < 200
    assert chat.bind(stop=None).invoke("안녕").text  # free for the next one


def test_cancelling_ends_the_generation(folder: Path) -> None:
    chat = build(folder, max_tokens=200)
    steps = counted(chat)

    async def first_piece_only() -> None:
        async for _ in chat.astream("왜"):
            return

    asyncio.run(first_piece_only())
    assert len(steps) < 200


def counted(chat: HFChat) -> list[int]:
    """A list that grows with every step of the model, each slowed so that a stop can arrive between two."""
    import time

    steps: list[int] = []
    chat._model.register_forward_hook(lambda *_: (steps.append(1), time.sleep(0.02))[0])
    return steps


def test_a_prompt_that_is_too_long_is_said(chat: HFChat) -> None:
    with pytest.raises(ContextTooLong, match="256"):
        chat.invoke("왜 " * 260)


def test_an_adapter_changes_the_answer(folder: Path, chat: HFChat, tmp_path: Path) -> None:
    assert build(folder, adapter=str(adapter(folder, tmp_path))).invoke("왜").text != chat.invoke("왜").text


def test_pickles_are_refused(folder: Path, tmp_path: Path) -> None:
    import torch

    tuned = adapter(folder, tmp_path)
    (tuned / "adapter_model.safetensors").unlink()
    torch.save({}, tuned / "adapter_model.bin")
    with pytest.raises(WeightsError, match="safetensors"):
        build(folder, adapter=str(tuned))
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (pickled / file.name).write_bytes(file.read_bytes())
    torch.save({}, pickled / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="pickled"):
        build(pickled)


def adapter(folder: Path, tmp_path: Path, use_dora: bool = False) -> Path:
    """A LoRA of random numbers."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    lora = LoraConfig(
        r=4, lora_alpha=64, target_modules=["q_proj", "o_proj"], init_lora_weights=False, use_dora=use_dora
    )
    get_peft_model(AutoModelForCausalLM.from_pretrained(folder), lora).save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


def test_an_adapter_counts_as_much_as_it_is_told_to(folder: Path, chat: HFChat, tmp_path: Path) -> None:
    tuned = build(folder, adapter=str(adapter(folder, tmp_path)))
    off = tuned.with_strength(0.0)
    assert off.invoke("왜").text == chat.invoke("왜").text
    assert tuned.invoke("왜").text != chat.invoke("왜").text
    assert tuned.with_strength(1.0) is tuned


def test_dora_forgets_what_it_kept_at_another_strength(folder: Path, tmp_path: Path) -> None:
    tuned = adapter(folder, tmp_path, use_dora=True)
    fresh = build(folder, adapter=str(tuned)).with_strength(0.0).invoke("왜").text
    used = build(folder, adapter=str(tuned))
    assert used.invoke("왜").text != fresh
    assert used.with_strength(0.0).invoke("왜").text == fresh


def test_bottleneck_adapters_answer(folder: Path, chat: HFChat, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from models.nn import bottleneck

    torch.manual_seed(2)
    model = bottleneck.insert(AutoModelForCausalLM.from_pretrained(folder), 4)
    for name, weight in model.named_parameters():
        if bottleneck.NAME in name:
            torch.nn.init.normal_(weight, std=2.0)
    bottleneck.save(model, tmp_path)
    tuned = build(folder, adapter=str(tmp_path))
    assert tuned.invoke("왜").text != chat.invoke("왜").text
    assert tuned.with_strength(0.0).invoke("왜").text == chat.invoke("왜").text


def test_bottleneck_adapters_of_another_base_are_refused(folder: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file(
        {"model.layers.9.mlp.down_proj.bottleneck.0.weight": torch.zeros(4, 16)}, tmp_path / "bottleneck.safetensors"
    )
    (tmp_path / "bottleneck.json").write_text('{"width": 4}')
    with pytest.raises(InputError, match="made for another base"):
        build(folder, adapter=str(tmp_path))


def test_a_whole_model_takes_the_place_of_its_base(folder: Path, chat: HFChat, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_pretrained(folder)
    torch.nn.init.normal_(model.model.embed_tokens.weight)
    model.save_pretrained(tmp_path)
    assert build(folder, adapter=str(tmp_path)).invoke("왜").text != chat.invoke("왜").text
