"""Adapters from elsewhere: a folder, a zip of one, a GGUF file, a safetensors file. What is taken is named; nothing else is.

    take(registry, Path("mine.zip"), name="mine")

A zip is an untrusted thing: its members are matched against the files that an adapter has, counted as they are unpacked, and never
written where their names say. Pickled weights are refused, since loading one runs whatever it holds.
"""

from __future__ import annotations

import json
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any

from finetune.adapter import CARD, DATA, GGUF, LICENSE, SCORES, SERVING, Adapter, base_name
from finetune.base import METHOD_FILE, Made
from finetune.export.gguf_lora import CONFIG, WEIGHTS
from finetune.export.safetensors_file import SafetensorsFile
from finetune.registry import Registry
from models.adapters import BASE_NAME, BASE_SHA256
from models.errors import InputError
from models.gguf_header import read_header

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".npy", ".npz", ".joblib")
TEXTS = frozenset({METHOD_FILE, CONFIG, SERVING, SCORES, DATA, CARD, LICENSE, "calibration.toml", "NOTICE"})
TOKENIZER = frozenset({"tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json"})
TOKENIZER |= {"vocab.json", "merges.txt", "added_tokens.json", "config.json", "generation_config.json"}
MOST_TEXT_BYTES, MOST_JSON_BYTES, MOST_BYTES, MOST_FILES = 2_000_000, 50_000_000, 20_000_000_000, 200
STEP = 1 << 20
_WEIGHTS = re.compile(r"[\w.-]+\.(safetensors|gguf)|model\.safetensors\.index\.json|[\w-]+\.json")


def take(registry: Registry, source: Path, name: str = "") -> Adapter:
    """The adapter, registered under `name`, "" for what the source is called.

    Raises InputError where the source is no adapter, is unsafe, or the name is taken; DiskFull, StoreLocked.
    """
    if source.is_symlink() or not source.exists():
        raise refused(source, "missing", "there is no such file or folder")
    with registry.draft(name or _named_after(source)) as folder:
        if source.is_dir():
            _copy_folder(source, folder)
        elif zipfile.is_zipfile(source):
            _unpack(source, folder)
        elif source.suffix == ".safetensors":
            _copy_lora(source, folder)
        else:
            _refuse_pickle(source, source.name)
            _copy(source, folder / GGUF, MOST_BYTES)
        complete(folder, source)
    return registry.find(name or _named_after(source))


def complete(folder: Path, source: Path) -> None:
    """Checks what arrived, and writes the method.json that an adapter made elsewhere lacks. Raises InputError."""
    gguf = folder / GGUF
    head = read_header(gguf) if gguf.is_file() else None
    if head is not None and not head.is_adapter:
        raise refused(source, "no_adapter", "the GGUF file is no LoRA adapter")
    for path in folder.glob("*.safetensors"):
        SafetensorsFile(path)
    config = _without_code(folder, source)
    if not (folder / METHOD_FILE).is_file():
        if head is None and not (config and (folder / WEIGHTS).is_file()):
            raise refused(
                source, "no_adapter", f"it holds neither {METHOD_FILE}, nor {CONFIG} with {WEIGHTS}, nor a GGUF adapter"
            )
        told = head.values if head else {}
        base = str(config.get("base_model_name_or_path") or told.get(BASE_NAME) or "")
        made = Made("lora", base, str(told.get(BASE_SHA256, "")), {})
        Made("lora", base_name(made), made.base_sha256, {}).write(folder)
    elif not (head or any(folder.glob("*.safetensors"))):
        raise refused(source, "no_adapter", "it holds no weights")


def _without_code(folder: Path, source: Path) -> dict[str, Any]:
    """peft's own description, without what names Python modules to import; {} where there is none."""
    path = folder / CONFIG
    if not path.is_file():
        return {}
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise refused(source, "broken", f"{CONFIG} is no JSON") from error
    if not isinstance(config, dict):
        raise refused(source, "broken", f"{CONFIG} is no JSON object")
    config.pop("auto_mapping", None)
    path.write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return config


def _copy_folder(source: Path, folder: Path) -> None:
    members = [path for path in sorted(source.iterdir()) if not path.name.startswith(".")]
    if len(members) > MOST_FILES:
        raise refused(source, "too_large", f"it holds more than {MOST_FILES} files")
    for path in members:
        _refuse_pickle(source, path.name)
        if path.is_file() and not path.is_symlink() and _most(path.name):
            _copy(path, folder / path.name, _most(path.name))


def _copy_lora(source: Path, folder: Path) -> None:
    beside = source.with_name(CONFIG)
    if not beside.is_file():
        raise refused(source, "no_config", f"{CONFIG} is not beside it, and without it nobody knows its scale")
    _copy(source, folder / WEIGHTS, MOST_BYTES)
    _copy(beside, folder / CONFIG, MOST_TEXT_BYTES)


def _copy(source: Path, target: Path, most: int) -> None:
    with source.open("rb") as file:
        _pour(file, target, most, source)


def _unpack(source: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            for member, name in _members(archive, source):
                with archive.open(member) as file:
                    _pour(file, folder / name, _most(name), source)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise refused(source, "broken", str(error) or "it ends too early") from error


def _members(archive: zipfile.ZipFile, source: Path) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """The members that are files of an adapter, with their bare names; one folder around them all is taken off."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise refused(source, "too_large", f"it holds more than {MOST_FILES} files or {MOST_BYTES // 10**9} GB")
    seen: set[str] = set()
    outer = {PurePosixPath(entry.filename).parts[:-1] for entry in entries if not _is_noise(entry.filename)}
    root = min(sorted(outer), key=len, default=())
    for entry in entries:
        if _is_noise(entry.filename):
            continue
        path = PurePosixPath(entry.filename)
        inside = (
            not path.is_absolute()
            and ".." not in path.parts
            and "\\" not in entry.filename
            and ":" not in entry.filename
        )
        if not inside or stat.S_ISLNK(entry.external_attr >> 16):
            raise refused(source, "unsafe", f"its member {entry.filename[:80]!r} leads out of it")
        if entry.flag_bits & 0x1:
            raise refused(source, "encrypted", "it has a password")
        _refuse_pickle(source, path.name)
        if path.parts[:-1] != root or not _most(path.name):
            continue
        if path.name in seen:
            raise refused(source, "unsafe", f"it holds {path.name} twice")
        seen.add(path.name)
        yield entry, path.name


def _is_noise(name: str) -> bool:
    """What file managers add."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] in {".DS_Store", "Thumbs.db", "desktop.ini"}


def _pour(file: IO[bytes], target: Path, most: int, source: Path) -> None:
    """Copies as it comes and stops where it becomes too much, whatever the size was said to be."""
    written = 0
    with target.open("xb") as out:
        while piece := file.read(STEP):
            written += len(piece)
            if written > most:
                raise refused(source, "too_large", f"{target.name} is larger than {most // 10**6} MB")
            out.write(piece)


def _most(name: str) -> int:
    """Bytes that a file of this name may have; 0 for what is no file of an adapter."""
    if name in TEXTS:
        return MOST_TEXT_BYTES
    if name in TOKENIZER:
        return MOST_JSON_BYTES
    if _WEIGHTS.fullmatch(name):
        return MOST_BYTES if name.endswith((".safetensors", ".gguf")) else MOST_TEXT_BYTES
    return 0


def _refuse_pickle(source: Path, name: str) -> None:
    if name.lower().endswith(PICKLES):
        raise refused(source, "pickle", f"{name} is or may be a pickle, and loading one can run code")


def _named_after(source: Path) -> str:
    """A name for the registry from that of a file."""
    stem = (
        source.name if source.is_dir() else re.sub(r"\.(zip|gguf|safetensors)$", "", source.name, flags=re.IGNORECASE)
    )
    return re.sub(r"[^\w.-]+", "-", stem).strip("-._")[:60] or "adapter"


def refused(source: Path, kind: str, why: str) -> InputError:
    """Why nothing was imported. kind: the Korean reason, `adapter.import_<kind>` in app/ui/i18n."""
    advice: Mapping[str, str] = {
        "pickle": "save it as safetensors and try again",
        "unsafe": "pack it again from its folder",
        "no_config": "give the whole folder",
    }
    detail = (
        f"{source.name} was not imported: {why}; {advice.get(kind, 'give the folder, zip or GGUF file of an adapter')}"
    )
    return InputError(detail=detail, text_key=f"adapter.import_{kind}", name=source.name, why=why)
