"""OpenAI's and Gemini's embeddings over the wire, against a local server that speaks their formats."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import SecretStr

from models.embedders import gemini_api, openai_api
from models.embedders.base import Access
from models.embedders.fake import FakeEmbedder
from models.errors import BackendRefusedKey, BackendUnreachable, RateLimited

KEY = "sk-test-0123456789"


def openai_embedder(server, **keywords):
    return openai_api.EMBEDDER.build("", None, access=Access(SecretStr(KEY), server.url + "/v1"), **keywords)


def gemini_embedder(server):
    return gemini_api.EMBEDDER.build("", None, access=Access(SecretStr(KEY), server.url))


def test_openai_sends_plain_texts_in_batches(embedding_server) -> None:
    texts = [f"문장 {n}" for n in range(300)]
    vectors = openai_embedder(embedding_server).embed_passages(texts)
    np.testing.assert_allclose(vectors, FakeEmbedder().embed_passages(texts), atol=1e-5)
    bodies = [body for _, _, body in embedding_server.requests]
    assert [len(body["input"]) for body in bodies] == [128, 128, 44]
    assert [text for body in bodies for text in body["input"]] == texts
    path, headers, body = embedding_server.requests[0]
    assert (path, headers["authorization"], body["model"]) == (
        "/v1/embeddings",
        f"Bearer {KEY}",
        "text-embedding-3-small",
    )


def test_gemini_names_the_task_and_the_dimension(embedding_server) -> None:
    embedder = gemini_embedder(embedding_server)
    embedder.embed_passages(["문서"] * 150)
    embedder.embed_question("질문")
    counts = [len(body["requests"]) for _, _, body in embedding_server.requests]
    assert counts == [100, 50, 1]
    tasks = [body["requests"][0]["taskType"] for _, _, body in embedding_server.requests]
    assert tasks == ["RETRIEVAL_DOCUMENT", "RETRIEVAL_DOCUMENT", "RETRIEVAL_QUERY"]
    path, headers, body = embedding_server.requests[0]
    assert "gemini-embedding-001" in path
    assert headers["x-goog-api-key"] == KEY
    assert body["requests"][0]["outputDimensionality"] == gemini_api.DIMENSION


@pytest.mark.parametrize("build", [openai_embedder, gemini_embedder])
def test_waits_as_told_and_tries_again(embedding_server, build) -> None:
    embedding_server.refusals = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]
    assert build(embedding_server).embed_question("질문").shape == (256,)
    assert len(embedding_server.requests) == 3


@pytest.mark.parametrize("build", [openai_embedder, gemini_embedder])
def test_gives_up_with_our_errors_and_without_the_key(embedding_server, build) -> None:
    embedding_server.refusals = [(401, {})]
    with pytest.raises(BackendRefusedKey) as refused:
        build(embedding_server).embed_question("질문")
    assert len(embedding_server.requests) == 1
    embedding_server.refusals = [(429, {"Retry-After": "0"})] * 3
    with pytest.raises(RateLimited) as limited:
        build(embedding_server).embed_passages(["질문"])
    assert KEY not in f"{refused.value} {limited.value}"


def test_a_server_that_is_down_is_named(embedding_server, monkeypatch) -> None:
    monkeypatch.setattr("models.embedders.remote.FIRST_WAIT_S", 0.0)
    access = Access(base_url="http://127.0.0.1:9/v1")
    with pytest.raises(BackendUnreachable, match=r"127\.0\.0\.1:9"):
        openai_api.EMBEDDER.build("some-model", None, access=access).embed_question("질문")
