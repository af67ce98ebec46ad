"""Adapters by name: the file a backend takes, the base that goes with it, the prompt and thresholds of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.adapters import Adapters
from app.backend_pool import BackendPool
from app.keys import Keys
from app.settings import load
from chains.calibration import load as usual_calibration
from finetune.adapter import CALIBRATION, GGUF, Serving
from finetune.base import Made
from finetune.registry import Registry
from models.errors import ConfigError, InputError


@pytest.fixture
def model(tmp_path: Path, tiny_gguf: Any) -> Path:
    return tiny_gguf.model(tmp_path / "tiny.gguf")


@pytest.fixture
def pool(home: Path, model: Path) -> Iterator[BackendPool]:
    settings = load(home, backend="local", model=str(model))
    pool = BackendPool(lambda: settings, Keys(home / "keys.toml", {}), lambda: str(model), lambda name: None)
    yield pool
    pool.drop()


def lora(folder: Path, base: str = "tiny") -> Path:
    """A LoRA of peft's for the tiny model."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_{}.weight"
    shapes = {"A": (2, 8), "B": (8, 2)}
    save_file({name.format(k): np.ones(s, np.float32) for k, s in shapes.items()}, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4}))
    Made("lora", base, "", {"method": "lora"}).write(folder)
    return folder


def test_a_name_answers_at_once_in_the_form_of_the_local_engine(pool: BackendPool, tmp_path: Path) -> None:
    folder = pool.adapters.registry.add(lora(tmp_path / "run"), "mine", {"prompt": "compact"}).folder
    chat = pool.model("local", "mine")
    assert chat.engine.spec.adapters == ((folder / GGUF).resolve(),)
    assert chat.extra_body["lora"] == [{"id": 0, "scale": 1.0}]
    assert pool.manner("local", "mine").prompt == "compact"
    assert pool.manner("local").adapter == pool.adapter_of("local", None)
    assert pool.manner("local", "mine").adapter == "mine"
    assert pool.manner("local", "").prompt == ""
    assert pool.model("local", "").engine is chat.engine


def test_its_own_strength_counts_where_nobody_says_otherwise(pool: BackendPool, tmp_path: Path) -> None:
    folder = pool.adapters.registry.add(lora(tmp_path / "run"), "mine").folder
    Serving(strength=0.7).write(folder)
    assert pool.model("local", "mine").extra_body["lora"][0]["scale"] == 0.7
    assert pool.model("local", "mine", 1.2).extra_body["lora"][0]["scale"] == 1.2


def test_its_own_thresholds_are_laid_over_the_usual_ones(pool: BackendPool, tmp_path: Path) -> None:
    folder = pool.adapters.registry.add(lora(tmp_path / "run"), "mine").folder
    (folder / CALIBRATION).write_text("[answerable]\nthreshold = 0.2\n")
    own, usual = pool.manner("local", "mine").calibration, usual_calibration()
    assert own is not None
    assert own.answerable.threshold == 0.2
    assert own.answerable.coefficients == usual.answerable.coefficients
    assert own.citation == usual.citation
    for broken in (
        "[answerable]\nthreshhold = 0.2\n",
        "[nothing]\nx = 1\n",
        'citation = "x"',
        "[answerable]\nthreshold = 'a'",
    ):
        (folder / CALIBRATION).write_text(broken)
        with pytest.raises(InputError, match=r"calibration\.toml of the adapter mine cannot be used"):
            pool.manner("local", "mine")


def test_a_name_that_is_none(pool: BackendPool, tmp_path: Path) -> None:
    pool.adapters.registry.add(lora(tmp_path / "run"), "assistant")
    with pytest.raises(InputError, match="did you mean assistant"):
        pool.model("local", "asistant")


def test_one_made_for_another_model_is_told_apart_by_name(pool: BackendPool, tmp_path: Path) -> None:
    pool.adapters.registry.add(lora(tmp_path / "run", base="Qwen/Qwen2.5-7B-Instruct"), "big")
    with pytest.raises(InputError, match=r"big was made for Qwen/Qwen2\.5-7B-Instruct, and tiny is another model"):
        pool.model("local", "big")
    assert pool.model("local", "").engine.spec.adapters == ()


def test_other_methods_are_for_hf_with_their_own_base(pool: BackendPool, tmp_path: Path) -> None:
    folder = tmp_path / "prefix"
    folder.mkdir()
    Made("prefix", "tiny", "", {}).write(folder)
    kept = pool.adapters.registry.add(folder, "soft").folder
    with pytest.raises(InputError, match=r"no form for llama\.cpp .*method is prefix.*backend hf"):
        pool.model("local", "soft")
    prepared = pool.adapters.registry.folder.parent / "finetune" / "bases" / "tiny"
    prepared.mkdir(parents=True)
    (prepared / "config.json").write_text("{}")
    config = pool.config("hf", "soft")
    assert (config.adapter, config.model) == (str(kept), str(prepared))


def test_auto_is_the_shipped_one_that_fits(home: Path, tmp_path: Path, model: Path, tiny_gguf: Any) -> None:
    for name, width in (("wide", 12), ("right", 8)):
        folder = tmp_path / "shipped" / name
        folder.mkdir(parents=True)
        Made("lora", "tiny", "", {}).write(folder)
        tiny_gguf.adapter(folder / GGUF, width=width)
    registry = Registry(home, tmp_path / "shipped")
    adapters = Adapters(home, lambda: model, lambda name: None, registry)
    assert adapters.chosen("local", "auto") == "right"
    assert adapters.chosen("local", "") == ""
    assert adapters.chosen("hf", "auto") == ""
    assert adapters.chosen("openai", "right") == ""
    assert Adapters(home, lambda: None, lambda name: None, registry).chosen("local", "auto") == ""


def test_the_shipped_one_answers_and_does_nothing_else(
    pool: BackendPool, home: Path, tmp_path: Path, model: Path, tiny_gguf: Any
) -> None:
    folder = tmp_path / "shipped" / "right"
    folder.mkdir(parents=True)
    Made("lora", "tiny", "", {}).write(folder)
    tiny_gguf.adapter(folder / GGUF)
    pool.adapters = Adapters(home, lambda: model, lambda name: None, Registry(home, tmp_path / "shipped"))
    assert pool.manner("local").adapter == "right"
    answering, other = pool.model("local", pool.manner("local").adapter), pool.model("local")
    assert answering.extra_body["lora"] == [{"id": 0, "scale": 1.0}]
    assert [one["scale"] for one in other.extra_body.get("lora", [])] in ([], [0.0])
    assert answering.engine is other.engine


def test_the_base_follows_the_adapter(pool: BackendPool, tmp_path: Path) -> None:
    pool.adapters.registry.add(lora(tmp_path / "run", base="qwen2.5-coder-0.5b"), "small")
    assert pool.adapters.model_of("small") == "qwen2.5-coder-0.5b"
    assert [pool.adapters.model_of(other) for other in ("", "auto", "nobody", "a/b.gguf")] == ["", "", "", ""]


def test_strength_in_the_settings_has_its_range(home: Path) -> None:
    assert load(home, adapter_scale=1.5).adapter_scale == 1.5
    with pytest.raises(ConfigError, match="adapter_scale"):
        load(home, adapter_scale=1.6)
