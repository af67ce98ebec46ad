"""A LoRA of peft's (Hu et al. 2021) as the adapter that llama.cpp reads: the `gguf` package is all it takes.

    convert(Path("adapters/mine"), base=Path("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"), target=Path("adapters/mine/adapter.gguf"))

llama.cpp adds scale · (alpha / rank) · B A to a weight, with one alpha for the whole file. So whatever scales a module's update
otherwise (rsLoRA's alpha / sqrt(rank), Kalajdzievski 2023; ranks and alphas by module) is folded into alpha, or into its B.
What is more than a low-rank sum has no such form: DoRA (Liu et al. 2024) divides by a norm that depends on the weight itself.
Merge it into the base then (finetune/export/merged.py).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from finetune.export.safetensors_file import SafetensorsFile
from models.adapters import BASE_NAME, BASE_SHA256, A, B, misfit
from models.errors import InputError, MissingError
from models.gguf_header import GGUFHeader, read_header

if TYPE_CHECKING:
    from gguf import GGUFWriter, TensorNameMap

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PLAIN = ("qwen2", "qwen3")  # llama.cpp keeps the rows of their weights in the order that transformers has
ALPHA = "adapter.lora.alpha"
LARGEST_F16 = 65_504.0
MOST_BLOCKS = 256  # more than the base may have, so that an adapter for a deeper one is called that
BEYOND_LORA = {  # options of peft with which an update is more than a scaled B A
    "use_dora": "DoRA",
    "lora_bias": "lora_bias",
    "modules_to_save": "modules_to_save",
    "trainable_token_indices": "trainable_token_indices",
    "alora_invocation_tokens": "aLoRA",
    "layer_replication": "layer_replication",
    "target_parameters": "target_parameters",
    "fan_in_fan_out": "fan_in_fan_out",
    "use_qalora": "QALoRA",
    "use_bdlora": "BD-LoRA",
    "arrow_config": "Arrow",
    "kasa_config": "KaSA",
    "monteclora_config": "MonteCLoRA",
    "velora_config": "VeLoRA",
}
MOVES_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")
_KEY = re.compile(r"base_model\.model\.(.+)\.lora_([AB])\.weight")


@dataclass(frozen=True, slots=True)
class LoraConfig:
    """What peft wrote beside the weights, as far as it counts here."""

    rank: int
    alpha: float
    rslora: bool
    alphas: Mapping[str, float]

    @classmethod
    def read(cls, folder: Path) -> LoraConfig:
        """Raises InputError for what is no LoRA, or none that llama.cpp has a form for."""
        try:
            values: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            _refuse_more_than_lora(values, folder.name)
            return cls(
                rank=int(values["r"]),
                alpha=float(values["lora_alpha"]),
                rslora=bool(values.get("use_rslora")),
                alphas={re.compile(key).pattern: float(v) for key, v in (values.get("alpha_pattern") or {}).items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, re.error) as error:
            raise refused(folder.name, f"{CONFIG} cannot be read: {error}") from error

    @property
    def written_alpha(self) -> float:
        """With it, alpha / rank is how the modules of the common rank are scaled."""
        return self.rank * self._scaling(self.alpha, self.rank)

    def factor(self, module: str, rank: int) -> float:
        """What a module's B is multiplied by, so that written_alpha / rank scales it rightly. rank: of its own matrices, which may be another one (peft's rank_pattern)."""
        own = (value for pattern, value in self.alphas.items() if re.fullmatch(rf"(.*\.)?({pattern})", module))
        alpha = next(own, self.alpha)  # the first pattern that ends the name counts, as in peft
        return self._scaling(alpha, rank) * rank / self.written_alpha

    def _scaling(self, alpha: float, rank: int) -> float:
        return alpha / math.sqrt(rank) if self.rslora else alpha / rank


def convert(folder: Path, base: Path, target: Path, base_sha256: str = "") -> None:
    """Writes `target` in one step, checked against the head of `base`. Raises InputError, MissingError without `gguf`.

    base_sha256: of the base's file, kept in the adapter's head with the base's own name.
    """
    model, config = read_header(base), LoraConfig.read(folder)
    if model.architecture not in PLAIN:
        raise refused(folder.name, f"the architecture {model.architecture or '?'} is none of {', '.join(PLAIN)}")
    tensors = dict(_tensors(folder, config, _names(model)))
    draft = target.with_name(f".{target.name}.draft")
    try:
        _write(draft, model, config, tensors, base_sha256)
        why = misfit(read_header(draft), model)
        if why:
            made_for = _base_of(folder)
            detail = f"The adapter {folder.name} was made for {made_for} and does not fit {base.stem} ({why}); give the base it was made for"
            params = {"name": folder.name, "made_for": made_for, "base": base.stem, "why": why}
            raise InputError(detail=detail, text_key="adapter.other_base", **params)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _tensors(
    folder: Path, config: LoraConfig, names: TensorNameMap
) -> Iterator[tuple[str, NDArray[np.float16] | NDArray[np.float32]]]:
    """Name in llama.cpp and values of each matrix: A is (rank, in), B is (out, rank)."""
    file = SafetensorsFile(folder / WEIGHTS)
    for key in file:
        found = _KEY.fullmatch(key)
        if found is None:
            raise refused(folder.name, f"it holds {key}, which is no part of a LoRA")
        module, half = found.groups()
        name = names.get_name(f"{module}.weight", try_suffixes=(".weight",))
        if name is None:
            raise refused(folder.name, f"llama.cpp knows no {module}")
        values = file.array(key)
        if half == "B":
            values = values * np.float32(config.factor(module, values.shape[1]))
        if not np.isfinite(values).all():
            raise refused(folder.name, f"{key} holds what is no number; its training went astray")
        small = bool(np.abs(values).max(initial=0.0) < LARGEST_F16)
        yield name + (A if half == "A" else B), values.astype(np.float16) if small else values


def _write(
    path: Path,
    model: GGUFHeader,
    config: LoraConfig,
    tensors: Mapping[str, NDArray[Any]],
    base_sha256: str,
) -> None:
    gguf = gguf_package()
    writer: GGUFWriter = gguf.GGUFWriter(path, model.architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string("adapter.type", "lora")
    writer.add_float32(ALPHA, config.written_alpha)
    writer.add_string(BASE_NAME, model.name)
    writer.add_string(BASE_SHA256, base_sha256)
    for name, values in sorted(tensors.items()):
        writer.add_tensor(name, values)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def gguf_package() -> Any:
    """Raises MissingError with the command that installs it."""
    try:
        import gguf
    except ImportError as error:
        raise MissingError(what="The package gguf", fix="run `pip install 'coursemate[hf]'`") from error
    return gguf


def _names(model: GGUFHeader) -> TensorNameMap:
    gguf = gguf_package()
    architecture = next(arch for arch, name in gguf.MODEL_ARCH_NAMES.items() if name == model.architecture)
    names: TensorNameMap = gguf.get_tensor_name_map(architecture, MOST_BLOCKS)
    return names


def _refuse_more_than_lora(values: Mapping[str, Any], name: str) -> None:
    if values.get("peft_type") != "LORA":
        raise refused(name, f"its kind is {values.get('peft_type')}")
    for option, called in BEYOND_LORA.items():
        if values.get(option):
            raise refused(name, f"it uses {called}")
    if values.get("bias", "none") != "none":
        raise refused(name, "it has learnt biases")
    start = str(values.get("init_lora_weights", "")).lower()
    if start.startswith(MOVES_BASE):
        raise refused(name, f"it begins with {start}, which moves the base's own weights")


def refused(name: str, why: str) -> InputError:
    """Why there is no GGUF adapter of it, and what there is instead."""
    detail = f"The adapter {name} has no form for llama.cpp ({why}); answer with the backend hf, or export it merged into its base"
    return InputError(detail=detail, text_key="adapter.no_gguf_form", name=name, why=why)


def _base_of(folder: Path) -> str:
    values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    return Path(str(values.get("base_model_name_or_path") or "another model")).name
