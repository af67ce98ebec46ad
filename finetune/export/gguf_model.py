"""A whole model of transformers' as one GGUF file, f16 or Q8_0, with the `gguf` package alone: for the local engine.

    write(Path("merged"), Path("merged.gguf"), "q8_0", name="mine")

Only architectures whose weights llama.cpp keeps as transformers has them (finetune/export/gguf_lora.py: PLAIN). Norms and biases
stay in float32, as llama.cpp wants them. Tied embeddings are written once: llama.cpp takes the word vectors for the output where
there is no output of its own. The fields are those of llama.cpp's convert_hf_to_gguf.py.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from finetune.export.gguf_lora import PLAIN, gguf_package
from finetune.export.safetensors_file import SafetensorsFile
from models.errors import InputError
from models.files import disk_guard
from models.gguf_header import read_header

if TYPE_CHECKING:
    from gguf import GGUFWriter

Packing = Literal["f16", "q8_0"]
BLOCK = 32  # numbers that Q8_0 packs together, along a row
NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5  # llama.cpp's kinds of tokens


def write(folder: Path, target: Path, packing: Packing, name: str) -> None:
    """Writes `target` in one step. folder: config.json, safetensors, tokenizer.json. Raises InputError, MissingError, DiskFull."""
    gguf = gguf_package()
    config = _json(folder / "config.json")
    architecture = str(config.get("model_type", ""))
    if architecture not in PLAIN:
        detail = f"A model of the kind {architecture or '?'} cannot be written as GGUF; kinds that can: {', '.join(PLAIN)}. Export safetensors instead"
        raise InputError(
            detail=detail, text_key="adapter.no_gguf_model", kind=architecture or "?", known=", ".join(PLAIN)
        )
    draft = target.with_name(f".{target.name}.draft")
    needed = sum(path.stat().st_size for path in folder.glob("*.safetensors")) // 1_000_000
    writer: GGUFWriter = gguf.GGUFWriter(draft, architecture)
    try:
        with disk_guard(target.parent, needed):
            _describe(writer, config, packing, name)
            _tokenizer(writer, folder, int(config["vocab_size"]))
            _tensors(writer, folder, config, packing)
            _flush(writer)
        read_header(draft)
        draft.replace(target)
    finally:
        writer.close()
        draft.unlink(missing_ok=True)


def _flush(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()


def _describe(writer: GGUFWriter, config: Mapping[str, Any], packing: Packing, name: str) -> None:
    gguf = gguf_package()
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(_rope_theta(config))
    if config.get("head_dim"):
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
    kind = gguf.LlamaFileType
    writer.add_file_type(kind.MOSTLY_F16 if packing == "f16" else kind.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _rope_theta(config: Mapping[str, Any]) -> float:
    """transformers 5 keeps it in `rope_parameters`, earlier ones beside the rest."""
    rope = config.get("rope_parameters") or {}
    if rope.get("rope_type", "default") != "default":
        detail = (
            f"A model with {rope['rope_type']} positions cannot be written as GGUF here; export safetensors instead"
        )
        raise InputError(
            detail=detail, text_key="adapter.no_gguf_model", kind=str(rope["rope_type"]), known=", ".join(PLAIN)
        )
    return float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0)


def _tokenizer(writer: GGUFWriter, folder: Path, size: int) -> None:
    """Byte-pair tokens in the order of their ids, filled up to the size of the embedding."""
    from gguf.vocab import SpecialVocab

    values = _json(folder / "tokenizer.json")
    tokens = [f"[PAD{i}]" for i in range(size)]
    kinds = [UNUSED] * size
    for token, i in values["model"]["vocab"].items():
        tokens[i], kinds[i] = token, NORMAL
    for added in values["added_tokens"]:
        tokens[added["id"]], kinds[added["id"]] = added["content"], CONTROL if added["special"] else USER_DEFINED
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_add_bos_token(False)
    SpecialVocab(folder, load_merges=True, n_vocab=size).add_to_gguf(writer, quiet=True)


def _tensors(writer: GGUFWriter, folder: Path, config: Mapping[str, Any], packing: Packing) -> None:
    gguf = gguf_package()
    architecture = next(arch for arch, name in gguf.MODEL_ARCH_NAMES.items() if name == config["model_type"])
    names = gguf.get_tensor_name_map(architecture, config["num_hidden_layers"])
    for key, values in _weights(folder):
        if key == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        name = names.get_name(key, try_suffixes=(".weight", ".bias"))
        if name is None:
            detail = f"The model holds {key}, which llama.cpp knows no place for; export safetensors instead"
            raise InputError(detail=detail, text_key="adapter.no_gguf_model", kind=key, known=", ".join(PLAIN))
        if values.ndim == 1:
            writer.add_tensor(name, values)
        elif packing == "q8_0" and values.shape[-1] % BLOCK == 0:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values.astype(np.float16))


def _weights(folder: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise InputError(
            detail=f"{folder} holds no safetensors; give the folder of a model",
            text_key="finetune.no_safetensors",
            path=str(folder),
        )
    for path in files:
        file = SafetensorsFile(path)
        for key in file:
            yield key, file.array(key)


def _json(path: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        values = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(values, dict):
            return values
    detail = f"{path.name} of {path.parent.name} is missing or broken; export the model again"
    raise InputError(detail=detail, text_key="adapter.bad_file", file=path.name, name=path.parent.name, why="JSON")
