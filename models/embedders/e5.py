"""multilingual-e5-small in int8 through ONNX Runtime: the default embedder, 118 million parameters, 384 dimensions.

Runs whatever graph lies in its weights folder: the one converted here (see models/e5) or the hub's own int8 export.
E5 was trained with prefixes: "query: " before questions and "passage: " before what they should find; both are added here.
Texts over 512 tokens are cut. Wang et al., "Multilingual E5 Text Embeddings" (arXiv:2402.05672).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.embedders.base import NO_ACCESS, Access, Embedder, unit
from models.errors import MissingError, WeightsError

WEIGHTS = "multilingual-e5-small"
GRAPH_FILE, TOKENIZER_FILE = "model_int8.onnx", "tokenizer.json"
MAX_TOKENS = 512
_WINDOW_TEXTS = 512


class E5Embedder(Embedder):
    """Embeds with the graph and tokenizer in `folder`; thread-safe. threads: texts at a time, 0 for one a core."""

    dimension = 384

    def __init__(self, folder: Path, threads: int = 0, graph_file: str = GRAPH_FILE) -> None:
        self._graph = folder / graph_file
        self._session = _session(self._graph)
        self._workers = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="e5")
        self._tokenizer = _tokenizer(folder / TOKENIZER_FILE)
        self._inputs = [value.name for value in self._session.get_inputs()]
        self._output = [self._session.get_outputs()[0].name]

    @cached_property
    def fingerprint(self) -> str:  # type: ignore[override]
        """Of the weights and prefixes: what the converter wrote into the graph, else the graph's own hash."""
        written = self._session.get_modelmeta().custom_metadata_map.get("fingerprint")
        if not written:
            with self._graph.open("rb") as file:
                written = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        return f"{WEIGHTS}:{written}"

    def embed_passages(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors of passages, (len(texts), 384), in the given order."""
        return self.embed_raw([f"passage: {text}" for text in texts])

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """Unit vector of a question, (384,)."""
        vector: NDArray[np.float32] = self.embed_raw([f"query: {text}"])[0]
        return vector

    def embed_raw(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of texts that carry their prefix already, (len(texts), 384), in the given order."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _WINDOW_TEXTS):
            tokens = self._encode(texts[start : start + _WINDOW_TEXTS])
            run = map if len(tokens) == 1 else self._workers.map
            for row, vector in enumerate(run(self._embed, tokens), start=start):
                vectors[row] = vector
        return vectors

    def count_tokens(self, text: str) -> int:
        """Tokens of the text alone: without prefix, special tokens or cut."""
        return self.count_tokens_many([text])[0]

    def count_tokens_many(self, texts: Sequence[str]) -> list[int]:
        """`count_tokens` of each text, several times faster than one by one."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids with their special tokens; what is too long loses its tail, not its end token."""
        encodings = self._tokenizer.encode_batch_fast([text.replace("\0", " ") for text in texts])
        every = [encoding.ids for encoding in encodings]
        return [ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]] for ids in every]

    def peaks(self, text: str) -> list[NDArray[np.float32]]:
        """For a graph that shows more than its last layer: the largest magnitude of each channel of its further outputs."""
        (tokens,) = self._encode([text])
        _, *shown = self._session.run(None, self._feeds(tokens))
        return [np.abs(values).max(axis=(0, 1)) for values in shown]

    def _embed(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """One text alone: its quantisation then depends on no other text, nothing is padding, and it is no slower on a CPU."""
        (hidden,) = self._session.run(self._output, self._feeds(tokens))  # (1, T, H)
        return unit(hidden[0].mean(axis=0))

    def _feeds(self, tokens: Sequence[int]) -> dict[str, NDArray[np.int64]]:
        ids = np.array([tokens], np.int64)  # (1, T)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return {name: feeds[name] for name in self._inputs}


def _session(graph: Path) -> Any:
    """A session of one thread: texts run beside each other, which scales better than splitting one, and leaves no idle spin.

    ONNX Runtime's fused SkipLayerNormalization is several times slower than the two operators it replaces, so it is off.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # shapes differ from text to text
    slow = ["SkipLayerNormFusion"]
    try:
        return onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"], disabled_optimizers=slow
        )
    except (runtime.Fail, runtime.InvalidGraph, runtime.InvalidProtobuf, runtime.NotImplemented) as error:
        raise WeightsError(name=WEIGHTS, detail=f"{graph} cannot be run ({error})") from error


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()  # so that whole texts can be counted too
    return tokenizer


class _Source:
    name = "e5"
    label = "multilingual-e5-small (int8, ONNX)"
    key_variable = None

    def missing(self, model: str, weights_dir: Path, access: Access = NO_ACCESS) -> str | None:
        """None if `build` can work now, else what to run."""
        folder = _folder(model, weights_dir)
        lacking = [name for name in (GRAPH_FILE, TOKENIZER_FILE) if not (folder / name).is_file()]
        if not lacking:
            return None
        return f"{folder / lacking[0]} is not there: run `coursemate models pull {WEIGHTS}`"

    def build(self, model: str, weights_dir: Path, threads: int = 0, access: Access = NO_ACCESS) -> E5Embedder:
        """model: "" for the fetched weights, else a folder with model_int8.onnx and tokenizer.json."""
        if self.missing(model, weights_dir):
            fix = f"run `coursemate models pull {WEIGHTS}`"
            raise MissingError(what=f"The embedder's weights in {_folder(model, weights_dir)}", fix=fix)
        return E5Embedder(_folder(model, weights_dir), threads)


def _folder(model: str, weights_dir: Path) -> Path:
    return Path(model).expanduser() if model and model != WEIGHTS else weights_dir / WEIGHTS


EMBEDDER = _Source()
