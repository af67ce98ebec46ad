"""The default embedder: its prefixes, its cut, its token count, both kinds of graph."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from models.embedders.e5 import EMBEDDER, E5Embedder
from models.errors import MissingError, WeightsError

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def e5(weights_dir) -> E5Embedder:
    return EMBEDDER.build("", weights_dir, threads=2)


def test_questions_and_passages_get_their_prefixes(e5: E5Embedder) -> None:
    text = "경사 하강법"
    np.testing.assert_array_equal(e5.embed_question(text), e5.embed_raw([f"query: {text}"])[0])
    np.testing.assert_array_equal(e5.embed_passages([text]), e5.embed_raw([f"passage: {text}"]))


def test_finds_a_passage_by_its_meaning_in_another_language(e5: E5Embedder) -> None:
    passages = [
        "드롭아웃은 학습 중에 일부 뉴런을 무작위로 꺼서 과적합을 줄인다.",
        "판다스의 데이터프레임은 행과 열로 된 표이다.",
        "콜랩에서는 무료로 GPU를 쓸 수 있다.",
    ]
    scores = e5.embed_passages(passages) @ e5.embed_question(
        "How can randomly switching off neurons prevent overfitting?"
    )
    assert np.argmax(scores) == 0


def test_a_long_text_is_cut_at_the_models_limit(e5: E5Embedder) -> None:
    long = "어텐션은 문장의 모든 낱말을 한꺼번에 본다. " * 200
    assert e5.count_tokens(long) > 1000
    np.testing.assert_array_equal(e5.embed_passages([long]), e5.embed_passages([long + "끝은 다르다."]))


def test_counts_tokens_of_the_text_alone(e5: E5Embedder) -> None:
    assert e5.count_tokens("") == 0
    one, two = e5.count_tokens_many(["트랜스포머", "트랜스포머 트랜스포머"])
    assert 0 < one < two <= 2 * one


def test_a_hub_export_runs_too_and_has_its_own_fingerprint(weights_dir, tmp_path, e5: E5Embedder) -> None:
    """The hub's graph also takes token_type_ids and names nothing in its metadata."""
    folder = weights_dir / "multilingual-e5-small"
    (tmp_path / "tokenizer.json").symlink_to(folder / "tokenizer.json")
    names = ("input_ids", "attention_mask", "token_type_ids")
    nodes = [
        helper.make_node("Add", ["input_ids", "token_type_ids"], ["ids"]),
        helper.make_node("Mul", ["ids", "attention_mask"], ["kept"]),
        helper.make_node("Mod", ["kept", "size"], ["places"]),
        helper.make_node("Gather", ["table", "places"], ["last_hidden_state"]),
    ]
    table = np.random.default_rng(0).normal(size=(97, 384)).astype(np.float32)
    constants = [onnx.numpy_helper.from_array(table, "table"), onnx.numpy_helper.from_array(np.array(97), "size")]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in names]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", 384])
    graph = helper.make_graph(nodes, "hub", inputs, [output], constants)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10),
        tmp_path / "model_int8.onnx",
    )
    hub = EMBEDDER.build(str(tmp_path), weights_dir)
    assert hub.embed_passages(["하나", "둘 셋"]).shape == (2, 384)
    assert hub.fingerprint != e5.fingerprint
    assert hub.fingerprint == EMBEDDER.build(str(tmp_path), weights_dir).fingerprint


def test_missing_or_broken_weights_are_named(tmp_path, weights_dir) -> None:
    with pytest.raises(MissingError, match="coursemate models pull multilingual-e5-small"):
        EMBEDDER.build("", tmp_path)
    (tmp_path / "tokenizer.json").symlink_to(weights_dir / "multilingual-e5-small" / "tokenizer.json")
    (tmp_path / "model_int8.onnx").write_bytes(b"no graph")
    with pytest.raises(WeightsError, match=r"model_int8\.onnx"):
        EMBEDDER.build(str(tmp_path), tmp_path)
