"""What is trained: a name -> a folder of bf16 safetensors with its tokenizer, made once.

    base = locate("qwen2.5-coder-0.5b", home, WeightsStore(weights_dir))     # HOME/finetune/bases/qwen2.5-coder-0.5b
    model, tokenizer = load_model(base, torch.bfloat16), load_tokenizer(base)

A GGUF of the catalogue is unpacked into plain layers once, since that takes a minute; what it was packed with is lost already, so
the adapter learns on the very weights that llama.cpp will add it to. Ids of the hub and folders are taken as they are.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from models.errors import DiskFull, InputError, MissingError
from models.fetch import WeightsStore
from models.files import disk_guard

log = logging.getLogger(__name__)

BASE_FILE = "base.json"
UNPACKED_RATIO = 3.2
"""bf16 bytes for one byte of Q4_K_M, with room to spare."""
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


@dataclass(frozen=True, slots=True)
class Base:
    """A base that is here. folder: as `from_pretrained` takes it. sha256: of the GGUF it comes from, else of its safetensors."""

    name: str
    folder: Path
    sha256: str


def require_libraries() -> None:
    """Raises MissingError where the training libraries are not installed."""
    import importlib.util

    lacking = [name for name in ("torch", "transformers", "peft", "accelerate") if not importlib.util.find_spec(name)]
    if lacking:
        raise MissingError(what=f"Fine-tuning: {', '.join(lacking)}", fix="run `pip install 'coursemate[hf]'`")


def check_base(name: str, weights: WeightsStore) -> None:
    """Before anything is loaded. Raises InputError for what can be no base, MissingError for weights that are not here."""
    names, path = _names(weights), Path(name).expanduser()
    if name in names:
        weights.resolve(name)
    elif path.is_dir():
        _weights(path)
    elif not (path.is_file() and path.suffix == ".gguf") and not _HUB_ID.fullmatch(name):
        detail = (
            f"there is no base {name!r}: use one of {', '.join(names)}, an id of the hub, or a folder of safetensors"
        )
        raise InputError(detail=detail, text_key="finetune.no_base", name=name, known=", ".join(names))


def _names(weights: WeightsStore) -> list[str]:
    return [entry.name for entry in weights.entries() if entry.kind == "gguf"]


def locate(name: str, home: Path, weights: WeightsStore) -> Base:
    """Finds the base, and unpacks or fetches it where needed. Raises MissingError, InputError, DiskFull, WeightsError."""
    check_base(name, weights)
    path = Path(name).expanduser()
    if name in _names(weights):
        return _unpacked(name, weights.resolve(name), home)
    if path.is_file():
        return _unpacked(path.stem, path, home)
    if path.is_dir():
        return Base(name, path, _hash(_weights(path)))
    return _of_hub(name)


def load_model(base: Base, dtype: Any, **options: Any) -> Any:
    """The model, ready to be prepared by a method. Raises InputError where its files are no causal language model."""
    from transformers import AutoModelForCausalLM

    try:
        return AutoModelForCausalLM.from_pretrained(
            str(base.folder), dtype=dtype, use_safetensors=True, trust_remote_code=False, **options
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise _broken(base.name, error) from error


def load_tokenizer(base: Base) -> Any:
    """Raises InputError where padding would hide the end of a turn, or the base has no chat template."""
    from transformers import AutoTokenizer

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(str(base.folder), trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise _broken(base.name, error) from error
    if not tokenizer.chat_template:
        detail = f"the base {base.name} has no chat template: choose an instruction-tuned one"
        raise InputError(detail=detail, text_key="finetune.no_template", name=base.name)
    return tokenizer


def padding_id(tokenizer: Any) -> int:
    """What fills up a batch. Its label is masked by place, not by value, so that it may be any token; not the end of a turn, all
    the same."""
    pad = tokenizer.pad_token_id
    if pad is not None and pad != tokenizer.eos_token_id:
        return int(pad)
    return 0 if tokenizer.eos_token_id != 0 else 1


def _broken(name: str, error: Exception) -> InputError:
    why = " ".join(str(error).split())[:300]
    detail = (
        f"the base {name} cannot be loaded ({why}): give a folder or hub id of a causal language model in safetensors"
    )
    return InputError(detail=detail, text_key="finetune.bad_base", name=name, why=why)


def _unpacked(name: str, gguf: Path, home: Path) -> Base:
    folder = home / "finetune" / "bases" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{name}.lock"):
        sha256 = _hash([gguf])
        if _stored(folder) != sha256:
            _unpack(gguf, folder, sha256)
    return Base(name, folder, sha256)


def _stored(folder: Path) -> str:
    """Hash of the GGUF that the folder was made from; "" where it is not there."""
    try:
        return str(json.loads((folder / BASE_FILE).read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError):
        return ""


def _unpack(gguf: Path, folder: Path, sha256: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    needed = int(gguf.stat().st_size * UNPACKED_RATIO)
    if shutil.disk_usage(folder.parent).free < needed:
        raise DiskFull(path=str(folder.parent), needed_mb=needed // 1_000_000)
    log.info("unpacking %s once", gguf.name)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".draft-"))
    try:
        with disk_guard(folder.parent, needed // 1_000_000):
            source: dict[str, Any] = {"gguf_file": gguf.name}
            model: Any = AutoModelForCausalLM.from_pretrained(
                str(gguf.parent), dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True), **source
            )
            model.save_pretrained(draft, max_shard_size="100GB")
            AutoTokenizer.from_pretrained(str(gguf.parent), **source).save_pretrained(draft)
            (draft / BASE_FILE).write_text(json.dumps({"sha256": sha256, "file": gguf.name}), encoding="utf-8")
            draft.chmod(0o755)
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _of_hub(name: str) -> Base:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    kinds = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model"]
    try:
        folder = Path(snapshot_download(name, allow_patterns=kinds))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise _broken(name, error) from error
    return Base(name, folder, _hash(_weights(folder)))


def _weights(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.safetensors"))
    if not files or not (folder / "config.json").is_file():
        detail = f"the folder {folder} holds no config.json and *.safetensors: give one of a model in that form"
        raise InputError(detail=detail, text_key="finetune.no_safetensors", path=str(folder))
    return files


def _hash(files: list[Path]) -> str:
    """SHA-256 of the files one after the other."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()
