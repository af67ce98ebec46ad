"""Adapters of the local engine: one loaded model for all that are asked for, a model of its own for each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.backend_pool import MOST_ADAPTERS, BackendPool
from app.keys import Keys
from app.settings import load
from models.errors import InputError, MissingError


@pytest.fixture
def model(tmp_path: Path, tiny_gguf: Any) -> Path:
    return tiny_gguf.model(tmp_path / "model.gguf")


@pytest.fixture
def pool(home: Path, model: Path) -> Iterator[BackendPool]:
    """Over a model file that has a head alone: building a local model loads nothing."""
    settings = load(home, backend="local", model=str(model))
    pool = BackendPool(lambda: settings, Keys(home / "keys.toml", {}), lambda: str(model), lambda name: None)
    yield pool
    pool.drop()


def test_with_and_without_adapters_on_one_engine(pool: BackendPool, tmp_path: Path, tiny_gguf: Any) -> None:
    one, two = (str(tiny_gguf.adapter(tmp_path / f"{name}.gguf")) for name in ("one", "two"))
    pool.hold("local", [one, two])
    chats = [pool.model("local", adapter) for adapter in ("", one, two)]
    assert len({id(chat.engine) for chat in chats}) == 1
    assert [chat.extra_body["lora"] for chat in chats] == [[], [{"id": 0, "scale": 1.0}], [{"id": 1, "scale": 1.0}]]
    assert len({chat.extra_body["id_slot"] for chat in chats}) == 3
    assert pool.model("local", one) is chats[1]
    assert pool.model("local") is chats[0]


def test_a_new_adapter_replaces_the_engine_and_later_ones_push_out_the_oldest(
    pool: BackendPool, tmp_path: Path, tiny_gguf: Any
) -> None:
    before = pool.model("local").engine
    names = [str(tiny_gguf.adapter(tmp_path / f"{n}.gguf")) for n in range(MOST_ADAPTERS + 1)]
    engines = [pool.model("local", name).engine for name in names]
    assert before.spec.adapters == ()
    assert [path.stem for path in engines[-1].spec.adapters] == ["1", "2", "3", "4"]
    assert pool.model("local").engine is engines[-1]
    pool.drop("local")
    assert pool.model("local").engine.spec.adapters == ()


def test_what_is_no_adapter_harms_nobody_else(pool: BackendPool, tmp_path: Path, tiny_gguf: Any) -> None:
    wrong = tmp_path / "wrong.gguf"
    pool.hold("local", [str(wrong), str(tmp_path)])
    assert pool.model("local").engine.spec.adapters == ()
    with pytest.raises(MissingError, match=r"there is no adapter .*wrong\.gguf"):
        pool.model("local", str(wrong))
    wrong.write_bytes(b"not a model")
    pool.hold("local", [str(wrong)])
    assert pool.model("local").engine.spec.adapters == ()


def test_many_at_once_get_one_model(pool: BackendPool, tmp_path: Path, tiny_gguf: Any) -> None:
    name, got = str(tiny_gguf.adapter(tmp_path / "a.gguf")), []
    threads = [threading.Thread(target=lambda: got.append(pool.model("local", name))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(chat) for chat in got}) == 1


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"width": 12}, "8 × 8 there and 12 × 12 here"),
        ({"architecture": "llama"}, "llama is not qwen2"),
        ({"base": "Another"}, "made for Another"),
    ],
)
def test_an_adapter_for_another_base_is_refused_and_the_engine_stays(
    pool: BackendPool, tmp_path: Path, tiny_gguf: Any, told: dict[str, Any], why: str
) -> None:
    good = str(tiny_gguf.adapter(tmp_path / "good.gguf"))
    engine = pool.model("local", good).engine
    wrong = str(tiny_gguf.adapter(tmp_path / "wrong.gguf", **told))
    pool.hold("local", [wrong])
    with pytest.raises(InputError, match=why):
        pool.model("local", wrong)
    assert pool.model("local", good).engine is engine


def test_a_model_is_no_adapter(pool: BackendPool, tmp_path: Path, tiny_gguf: Any) -> None:
    other = tiny_gguf.model(tmp_path / "other.gguf")
    with pytest.raises(InputError, match=r"other\.gguf is a GGUF file but no LoRA adapter"):
        pool.model("local", str(other))


def test_strength_is_that_of_the_request_the_settings_or_the_adapter(
    pool: BackendPool, tmp_path: Path, tiny_gguf: Any
) -> None:
    name = str(tiny_gguf.adapter(tmp_path / "a.gguf"))
    half, usual = pool.model("local", name, 0.5), pool.model("local", name)
    assert half.extra_body["lora"] == [{"id": 0, "scale": 0.5}]
    assert usual.extra_body["lora"] == [{"id": 0, "scale": 1.0}]
    assert half.engine is usual.engine
    assert pool.model("local", "", 0.5).extra_body["lora"] == []


def test_a_bad_adapter_in_the_settings_is_told_and_not_met_unprepared(
    home: Path, model: Path, tmp_path: Path, tiny_gguf: Any
) -> None:
    wrong = tiny_gguf.adapter(tmp_path / "wrong.gguf", width=12)
    settings = load(home, backend="local", model=str(model), adapter=str(wrong))
    pool = BackendPool(lambda: settings, Keys(home / "keys.toml", {}), lambda: str(model), lambda name: None)
    told = next(info for info in pool.infos() if info.name == "local")
    assert "does not fit model" in (told.missing or "")
    assert pool.model_name("local") == "model"
    assert pool.model("local", "").engine.spec.adapters == ()
    pool.drop()
