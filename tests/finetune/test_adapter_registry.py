"""Adapters of a home: whole or not there, named, compared, taken in with care and handed on without private paths."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finetune.adapter import SERVING, Adapter, Serving
from finetune.base import Made
from finetune.card import Facts, render
from finetune.export.publish import pack, publish
from finetune.importing import take
from finetune.registry import DRAFT, Registry
from models.errors import InputError

FACTS = Facts("Qwen/Qwen2.5-Coder-0.5B-Instruct", "Apache-2.0", "Apache License\n")


@pytest.fixture
def registry(home: Path, tmp_path: Path) -> Registry:
    (tmp_path / "shipped").mkdir()
    return Registry(home, tmp_path / "shipped")


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """`made("first", r=4)`: the folder of a finished LoRA run, small enough for a thousand of them."""

    def make(name: str = "first", parent: Path | None = None, **options: Any) -> Path:
        from safetensors.numpy import save_file

        folder = (parent or tmp_path) / name
        folder.mkdir()
        weights = {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": np.ones((2, 8), np.float32)}
        save_file(weights, folder / "adapter_model.safetensors")
        config = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "base_model_name_or_path": "/home/kim/secret/base"}
        (folder / "adapter_config.json").write_text(json.dumps(config))
        recipe = {
            "method": "lora",
            "learning_rate": 2e-4,
            "base": "/home/kim/secret/base",
            "options": {"r": 8, **options},
        }
        Made(
            "lora", "/home/kim/secret/tiny", "ab" * 32, recipe, "notes", "cd" * 32, 60, {"validation_loss": 1.5}
        ).write(folder)
        return folder

    return make


def test_a_run_becomes_an_adapter_that_asks_as_it_was_trained(registry: Registry, made: Callable[..., Path]) -> None:
    data = {"prompt": "compact", "counts": {"train": 10}, "origins": {"structure": 10}, "licences": {"Apache-2.0": 10}}
    adapter = registry.add(made(), "first-try", data)
    assert (adapter.name, adapter.made.steps, adapter.serving.prompt) == ("first-try", 60, "compact")
    assert adapter.is_lora
    assert adapter.data == data
    assert [one.name for one in registry.all()] == ["first-try"]
    assert not list(registry.folder.glob(DRAFT + "*"))


def test_names(registry: Registry, made: Callable[..., Path]) -> None:
    source = made()
    registry.add(source, "하나")
    for name in ("", ".hidden", "../up", "a/b", "auto", "none", "x" * 61, "a\\b", "model.gguf"):
        with pytest.raises(InputError, match="cannot be called"):
            registry.add(source, name)
    with pytest.raises(InputError, match="already"):
        registry.add(source, "하나")
    with pytest.raises(InputError, match="did you mean 하나"):
        registry.find("하나나")
    for name in ("..", "../하나", ".", ""):
        with pytest.raises(InputError, match="There is no adapter"):
            registry.find(name)


def test_rename_and_remove(registry: Registry, made: Callable[..., Path]) -> None:
    registry.add(made(), "a")
    assert registry.rename("a", "b").name == "b"
    registry.remove("b")
    assert registry.all() == []
    with pytest.raises(InputError, match="There is no adapter 'b'"):
        registry.remove("b")


def test_shipped_ones_are_read_and_never_changed(registry: Registry, made: Callable[..., Path], tmp_path: Path) -> None:
    made("house", tmp_path / "shipped")
    assert registry.find("house").shipped
    for change in (lambda: registry.remove("house"), lambda: registry.rename("house", "mine")):
        with pytest.raises(InputError, match="comes with CourseMate"):
            change()
    with pytest.raises(InputError, match="already"):
        registry.add(made(), "House")


def test_a_broken_folder_is_named_and_can_be_removed(registry: Registry, made: Callable[..., Path]) -> None:
    registry.add(made(), "good")
    registry.add(made("other"), "bad")
    (registry.folder / "bad" / "method.json").write_text("{")
    (registry.folder / "notes.txt").write_text("not an adapter")
    assert [adapter.name for adapter in registry.all()] == ["good"]
    assert list(registry.broken()) == ["bad"]
    registry.remove("bad")
    assert registry.broken() == {}


def test_serving_is_checked(registry: Registry, made: Callable[..., Path]) -> None:
    folder = registry.add(made(), "a").folder
    Serving(prompt="compact", strength=0.5).write(folder)
    assert registry.find("a").serving.strength == 0.5
    (folder / SERVING).write_text('{"strength": 9}')
    with pytest.raises(InputError, match=r"serving\.json of the adapter a cannot be used"):
        registry.find("a")


def test_compare_shows_what_differs(registry: Registry, made: Callable[..., Path]) -> None:
    registry.add(made("one", r=8), "one")
    registry.add(made("two", r=16), "two")
    rows = registry.compare(["one", "two"])
    assert rows["recipe r"] == {"one": 8, "two": 16}
    assert rows["run.validation_loss"] == {"one": 1.5, "two": 1.5}
    assert "recipe learning_rate" not in rows
    with pytest.raises(InputError, match="at least two"):
        registry.compare(["one", "one"])


def test_out_and_in_again_without_private_paths(registry: Registry, made: Callable[..., Path], tmp_path: Path) -> None:
    adapter = registry.add(made(), "first", {"prompt": "compact", "options": {"documents": "/home/kim/secret/notes"}})
    zipped = pack(adapter, tmp_path / "out.zip", FACTS)
    folder = publish(adapter, tmp_path / "out", FACTS)
    text = "".join(path.read_text() for path in folder.iterdir() if path.suffix != ".safetensors")
    assert "/home/kim" not in text
    assert {"README.md", "LICENSE", "adapter_config.json", "method.json"} <= {path.name for path in folder.iterdir()}
    again = take(registry, zipped, "again")
    assert (again.made.method, again.made.base, again.serving.prompt) == ("lora", "tiny", "compact")
    assert take(registry, folder, "from-folder").made == again.made
    assert pack(adapter, tmp_path / "twice.zip", FACTS).read_bytes() == zipped.read_bytes()
    with pytest.raises(InputError, match="exists already"):
        pack(adapter, zipped, FACTS)


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ("../method.json", "leads out of it"),
        ("/etc/method.json", "leads out of it"),
        ("C:\\method.json", "leads out of it"),
        ("adapter_model.bin", "pickle"),
        ("deep/adapter.PT", "pickle"),
    ],
)
def test_dangerous_zips_are_refused(registry: Registry, tmp_path: Path, member: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        take(registry, zipped(tmp_path / "bad.zip", {member: b"x", "method.json": b"{}"}))
    assert registry.all() == []
    assert not list(registry.folder.glob(".draft*"))


def test_a_bomb_stops_where_it_is_too_much(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="larger than 2 MB"):
        take(registry, zipped(tmp_path / "bomb.zip", {"method.json": bytes(50_000_000)}))
    with pytest.raises(InputError, match="more than 200 files"):
        take(registry, zipped(tmp_path / "many.zip", {f"{n}.txt": b"" for n in range(201)}))


def test_a_link_in_a_zip_is_refused(registry: Registry, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("method.json")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    (tmp_path / "link.zip").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="leads out of it"):
        take(registry, tmp_path / "link.zip")


def test_a_gguf_adapter_alone_is_enough(registry: Registry, tmp_path: Path, tiny_gguf: Any) -> None:
    adapter = take(registry, tiny_gguf.adapter(tmp_path / "my adapter.gguf"))
    assert (adapter.name, adapter.made.base) == ("my-adapter", "Tiny")
    assert adapter.gguf is not None
    assert not adapter.is_lora
    with pytest.raises(InputError, match="no LoRA adapter"):
        take(registry, tiny_gguf.model(tmp_path / "model.gguf"))
    (tmp_path / "text.gguf").write_text("hello")
    with pytest.raises(InputError, match="no GGUF file"):
        take(registry, tmp_path / "text.gguf")


def test_weights_alone_need_their_description(registry: Registry, made: Callable[..., Path]) -> None:
    folder = made()
    (folder / "method.json").unlink()
    adapter = take(registry, folder / "adapter_model.safetensors", "bare")
    assert (adapter.made.method, adapter.made.base) == ("lora", "base")
    (folder / "adapter_config.json").unlink()
    with pytest.raises(InputError, match=r"adapter_config\.json is not beside it"):
        take(registry, folder / "adapter_model.safetensors", "barer")


def test_code_that_a_config_names_is_taken_out(registry: Registry, made: Callable[..., Path]) -> None:
    folder = made()
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "auto_mapping": {"parent_library": "os"}}))
    assert "auto_mapping" not in (take(registry, folder, "a").folder / "adapter_config.json").read_text()


def test_the_card_says_what_is_known_and_breaks_no_table(registry: Registry, made: Callable[..., Path]) -> None:
    data = {"counts": {"train": 10}, "origins": {"own:a|b<script>.csv": 10}}
    folder = registry.add(made(), "first", data).folder
    row = {
        "metric": "correct",
        "set": "course-a",
        "n": 50,
        "base": 0.4,
        "tuned": 0.7,
        "gain": 0.3,
        "low": 0.1,
        "high": 0.5,
    }
    (folder / "scores.json").write_text(
        json.dumps({"metrics": [row], "forgetting": {"base_loss": 2.5, "tuned_loss": 2.6}})
    )
    card = render(Adapter.read(folder), FACTS)
    assert card.startswith('---\nbase_model: "Qwen/Qwen2.5-Coder-0.5B-Instruct"\nbase_model_relation: adapter\n')
    assert "| correct | course-a | 50 | 0.400 | 0.700 | +0.300 \\[+0.100, +0.500\\] |" in card
    assert "own:a\\|b&lt;script>.csv 10" in card
    assert "- tuned_loss: 2.600" in card


def test_the_light_form_is_for_the_local_engine_alone(
    registry: Registry, made: Callable[..., Path], tmp_path: Path, tiny_gguf: Any
) -> None:
    folder = registry.add(made(), "first", {"prompt": "compact"}).folder
    tiny_gguf.adapter(folder / "adapter.gguf")
    light = publish(registry.find("first"), tmp_path / "light", FACTS, light=True)
    assert {path.name for path in light.iterdir()} == {
        "LICENSE",
        "README.md",
        "adapter.gguf",
        "data.json",
        "method.json",
        "serving.json",
    }
    assert Adapter.read(light, shipped=True).gguf is not None


def test_what_a_kill_left_is_swept(registry: Registry, made: Callable[..., Path]) -> None:
    registry.add(made(), "a")
    old, new, gone = (registry.folder / name for name in (".draft-old", ".draft-new", ".gone-x"))
    for path in (old, new, gone):
        path.mkdir()
    os.utime(old, (0, 0))
    registry.remove("a")
    assert not old.exists()
    assert not gone.exists()
    assert new.exists()
