"""Adapters of the local engine: one loaded model for all that are asked for, a model of its own for each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.backend_pool import MOST_ADAPTERS, BackendPool
from app.keys import Keys
from app.settings import load
from models.errors import MissingError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return gguf(tmp_path / "model.gguf")


@pytest.fixture
def pool(home: Path, model: Path) -> Iterator[BackendPool]:
    """Over a model file that is none: building a local model loads nothing."""
    settings = load(home, backend="local", model=str(model))
    pool = BackendPool(lambda: settings, Keys(home / "keys.toml", {}), lambda: str(model), lambda name: None)
    yield pool
    pool.drop()


def gguf(path: Path) -> Path:
    path.write_bytes(b"GGUF")
    return path


def test_with_and_without_adapters_on_one_engine(pool: BackendPool, tmp_path: Path) -> None:
    one, two = (str(gguf(tmp_path / f"{name}.gguf")) for name in ("one", "two"))
    pool.hold("local", [one, two])
    chats = [pool.model("local", adapter) for adapter in ("", one, two)]
    assert len({id(chat.engine) for chat in chats}) == 1
    assert [chat.extra_body["lora"] for chat in chats] == [[], [{"id": 0, "scale": 1.0}], [{"id": 1, "scale": 1.0}]]
    assert len({chat.extra_body["id_slot"] for chat in chats}) == 3
    assert pool.model("local", one) is chats[1]
    assert pool.model("local") is chats[0]


def test_a_new_adapter_replaces_the_engine_and_later_ones_push_out_the_oldest(
    pool: BackendPool, tmp_path: Path
) -> None:
    before = pool.model("local").engine
    names = [str(gguf(tmp_path / f"{n}.gguf")) for n in range(MOST_ADAPTERS + 1)]
    engines = [pool.model("local", name).engine for name in names]
    assert before.spec.adapters == ()
    assert [path.stem for path in engines[-1].spec.adapters] == ["1", "2", "3", "4"]
    assert pool.model("local").engine is engines[-1]
    pool.drop("local")
    assert pool.model("local").engine.spec.adapters == ()


def test_what_is_no_adapter_harms_nobody_else(pool: BackendPool, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.gguf"
    pool.hold("local", [str(wrong), str(tmp_path)])
    assert pool.model("local").engine.spec.adapters == ()
    with pytest.raises(MissingError, match=r"there is no adapter .*wrong\.gguf"):
        pool.model("local", str(wrong))
    wrong.write_bytes(b"not a model")
    pool.hold("local", [str(wrong)])
    assert pool.model("local").engine.spec.adapters == ()


def test_many_at_once_get_one_model(pool: BackendPool, tmp_path: Path) -> None:
    name, got = str(gguf(tmp_path / "a.gguf")), []
    threads = [threading.Thread(target=lambda: got.append(pool.model("local", name))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(chat) for chat in got}) == 1
