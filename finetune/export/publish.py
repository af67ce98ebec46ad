"""An adapter to hand on: a zip for another CourseMate, or a folder as model hubs want it. No path of this computer goes along.

publish(adapter, Path("out"), base_id="Qwen/Qwen2.5-Coder-0.5B-Instruct", licence="apache-2.0")
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from finetune.adapter import CARD, LICENSE, Adapter, base_name
from finetune.card import Facts, render
from finetune.export.gguf_lora import CONFIG, WEIGHTS
from models.errors import InputError
from models.files import disk_guard

EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip's first day: the same adapter gives the same bytes


def publish(adapter: Adapter, folder: Path, facts: Facts, light: bool = False) -> Path:
    """Writes a new folder with the weights, the card, the licence. light: of a LoRA the GGUF form alone, half the bytes.

    Raises InputError where it exists, DiskFull.
    """
    if folder.exists():
        detail = f"{folder} exists already; give a folder that does not"
        raise InputError(detail=detail, text_key="adapter.export_exists", path=str(folder))
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        with disk_guard(folder.parent):
            draft.mkdir(parents=True)
            _fill(adapter, draft, facts)
            for name in (CONFIG, WEIGHTS) if light and adapter.gguf else ():
                (draft / name).unlink(missing_ok=True)
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def pack(adapter: Adapter, path: Path, facts: Facts) -> Path:
    """The same as one zip, the files in a folder of the adapter's name. Raises InputError where it exists, DiskFull."""
    if path.exists():
        detail = f"{path} exists already; give a file that does not"
        raise InputError(detail=detail, text_key="adapter.export_exists", path=str(path))
    unpacked, draft = path.with_name(f".{path.name}.folder"), path.with_name(f".{path.name}.draft")
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        publish(adapter, unpacked, facts)
        with disk_guard(path.parent), zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as out:
            for file in sorted(unpacked.iterdir()):
                info = zipfile.ZipInfo(f"{adapter.name}/{file.name}", EPOCH)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                with file.open("rb") as source, out.open(info, "w", force_zip64=True) as member:
                    shutil.copyfileobj(source, member)
        draft.replace(path)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
        draft.unlink(missing_ok=True)
    return path


def _fill(adapter: Adapter, folder: Path, facts: Facts) -> None:
    for path in sorted(adapter.folder.iterdir()):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            shutil.copyfile(path, folder / path.name)
    made = adapter.made
    replace(made, base=base_name(made), recipe=without_paths(made.recipe)).write(folder)
    _name_base(folder, facts.base_id or base_name(made))
    for name in ("data.json", "scores.json"):
        path = folder / name
        if path.is_file():
            values = without_paths(json.loads(path.read_text(encoding="utf-8")))
            path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / CARD).write_text(render(adapter, facts), encoding="utf-8")
    if facts.licence_text:
        (folder / LICENSE).write_text(facts.licence_text, encoding="utf-8")


def _name_base(folder: Path, base: str) -> None:
    """peft keeps the folder that the base was loaded from; others need its name."""
    path = folder / CONFIG
    if path.is_file():
        config = without_paths(json.loads(path.read_text(encoding="utf-8")))
        config["base_model_name_or_path"] = base
        path.write_text(json.dumps(config, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def without_paths(values: Any) -> Any:
    """The same with every absolute path cut down to its last part."""
    if isinstance(values, Mapping):
        return {key: without_paths(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [without_paths(value) for value in values]
    if isinstance(values, str) and is_place(values):
        return values.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return values


def is_place(value: str) -> bool:
    """Whether a text is a path on somebody's computer."""
    return "\n" not in value and (value.startswith(("/", "~/", "./", "../", "\\\\")) or value[1:3] in {":\\", ":/"})
