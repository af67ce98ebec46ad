"""What every embedder promises, over all that are discovered."""

from __future__ import annotations

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings
from pydantic import SecretStr

from models.discovery import discover
from models.embedders.base import Access, Embedder
from models.errors import MissingError

SOURCES = discover("models.embedders", "EMBEDDER")
TEXTS = [
    "드롭아웃은 학습 중에 일부 뉴런을 무작위로 끈다.",
    "Gradient descent follows the negative gradient.",
    "",
    "합성곱 신경망은 이미지의 지역 특징을 잡는다. " * 12,
    "드롭아웃은 학습 중에 일부 뉴런을 무작위로 끈다.",
    "😀 \0 \ud7ff 한\u1112\u1161\u11ab",
]


@pytest.fixture(scope="module", params=sorted(SOURCES))
def source(request: pytest.FixtureRequest):
    return SOURCES[request.param]


@pytest.fixture
def embedder(source, request: pytest.FixtureRequest, tmp_path) -> Embedder:
    if source.key_variable:
        server = request.getfixturevalue("embedding_server")
        path = "/v1" if source.name == "openai" else ""
        return source.build("", tmp_path, access=Access(SecretStr("k-1"), server.url + path))
    weights_dir = tmp_path if source.name == "fake" else request.getfixturevalue("weights_dir")
    lacking = source.missing("", weights_dir)
    if lacking:
        pytest.skip(lacking)
    return source.build("", weights_dir, threads=2)


def test_keeps_what_embedders_promise(embedder: Embedder) -> None:
    assert isinstance(embedder, Embeddings)
    vectors = embedder.embed_passages(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape[0] == len(TEXTS)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)
    assert vectors[0] @ vectors[4] > 0.999, "the order is not kept, or a text depends on its neighbours"
    assert vectors[0] @ vectors[1] < 0.99
    np.testing.assert_allclose(embedder.embed_passages(TEXTS), vectors, atol=1e-5)
    alone = np.stack([embedder.embed_passages([text])[0] for text in TEXTS])
    assert (np.sum(alone * vectors, axis=1) > 0.999).all(), "a batch gives other vectors than single texts"


def test_speaks_langchain_and_copes_with_nothing(embedder: Embedder) -> None:
    question = embedder.embed_question(TEXTS[0])
    assert question.shape == (embedder.embed_passages([TEXTS[0]]).shape[1],)
    assert np.linalg.norm(question) == pytest.approx(1.0, abs=1e-4)
    assert embedder.embed_query(TEXTS[0]) == pytest.approx(question.tolist(), abs=1e-5)
    assert embedder.embed_documents([]) == []
    assert embedder.embed_passages([]).shape == (0, embedder.dimension)
    assert len(embedder.fingerprint) > 3


def test_says_what_it_lacks(source, tmp_path) -> None:
    lacking = source.missing("", tmp_path)
    if source.name == "fake":
        assert lacking is None
        return
    assert lacking
    assert "run `" in lacking or "set " in lacking
    with pytest.raises(MissingError):
        source.build("", tmp_path)


def test_names_and_fingerprints_are_its_own() -> None:
    assert len({source.name for source in SOURCES.values()}) == len(SOURCES) >= 5
