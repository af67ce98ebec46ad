"""Retrieval in Korean: recall on KorQuAD and latency as the collection grows, each beside LangChain's usual hybrid.

The peer is EnsembleRetriever over BM25Retriever (white-space words) and Chroma, reciprocal rank fusion, with the same
embedder. Needs KorQuAD 1.0 dev and the Korean course texts beside the checkout, and the e5 weights.

    python -m benchmarks.retrieval --weights ~/.local/share/coursemate/weights
    python -m benchmarks.retrieval --weights … --sizes 10000,100000 --questions 1000
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from chains.calibration import load
from chains.retrieve import CourseRetriever
from ingest.store import ChunkStore, DocumentDraft
from models.embedders.base import Embedder
from models.embedders.e5 import EMBEDDER
from models.types import Chunk, Locator, chunk_id

DATA = Path(__file__).parent.parent.parent / "shared" / "data"


def korquad(path: Path, sample: int, seed: int) -> tuple[list[str], list[tuple[str, str]]]:
    """Distinct paragraphs, and (question, its paragraph) pairs drawn at random."""
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    paragraphs = [p for article in articles for p in article["paragraphs"]]
    contexts = list(dict.fromkeys(p["context"] for p in paragraphs))
    pairs = [(qa["question"], p["context"]) for p in paragraphs for qa in p["qas"]]
    return contexts, random.Random(seed).sample(pairs, min(sample, len(pairs)))


def course_passages(paths: Sequence[Path], characters: int = 400) -> Iterator[str]:
    """Passages of about `characters` from the course texts, to grow the collection with."""
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                text = json.loads(line)["text"]
                yield from (text[i : i + characters] for i in range(0, len(text), characters))


def chunks_of(texts: Sequence[str], prefix: str) -> list[tuple[DocumentDraft, list[Chunk]]]:
    """One document a passage: the form in which a set's gold passage can be told from the rest."""
    drafts = []
    for i, text in enumerate(texts):
        name = f"{prefix}{i:06d}"
        chunk = Chunk(chunk_id(name, 0, text), text, name, Locator(), 0, name, "txt")
        drafts.append((DocumentDraft(name, name, "txt"), [chunk]))
    return drafts


def recall(search: Callable[[str], list[str]], pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Recall at 1 and 5, mean reciprocal rank, and the search's latency in milliseconds."""
    ranks, spent = [], []
    for question, gold in pairs:
        started = time.perf_counter()
        found = search(question)
        spent.append((time.perf_counter() - started) * 1e3)
        ranks.append(found.index(gold) + 1 if gold in found else 0)
    return {
        "R@1": sum(r == 1 for r in ranks) / len(ranks),
        "R@5": sum(0 < r <= 5 for r in ranks) / len(ranks),
        "MRR": sum(1 / r for r in ranks if r) / len(ranks),
        "p50_ms": statistics.median(spent),
        "p95_ms": float(np.percentile(spent, 95)),
    }


def searcher(retriever: CourseRetriever) -> Callable[[str], list[str]]:
    """Texts of the hits, best first."""
    return lambda question: [hit.chunk.text for hit in retriever.search(question).hits]


def peer(texts: Sequence[str], embedder: Embedder, vectors: np.ndarray) -> Callable[[str], list[str]]:
    """LangChain's usual hybrid over the same passages and vectors."""
    from langchain_chroma import Chroma
    from langchain_classic.retrievers import EnsembleRetriever
    from langchain_community.retrievers import BM25Retriever

    store = Chroma("peer", embedding_function=embedder, collection_metadata={"hnsw:space": "cosine"})
    for start in range(0, len(texts), 2_000):
        part = slice(start, start + 2_000)
        store._collection.add(
            ids=[str(i) for i in range(start, min(start + 2_000, len(texts)))],
            embeddings=vectors[part].tolist(),
            documents=list(texts[part]),
        )
    lexical = BM25Retriever.from_texts(list(texts), k=50)
    both = EnsembleRetriever(retrievers=[lexical, store.as_retriever(search_kwargs={"k": 50})], weights=[0.5, 0.5])
    return lambda question: [d.page_content for d in both.invoke(question)]


def main() -> None:
    """Prints one JSON line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument(
        "--sizes", default="0", help="chunks to grow the collection to, comma-separated; 0: KorQuAD alone"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--no-peer", action="store_true")
    arguments = parser.parse_args()
    contexts, pairs = korquad(arguments.data / "korquad/KorQuAD_v1.0_dev.json", arguments.questions, arguments.seed)
    embedder = EMBEDDER.build("", arguments.weights)
    filler = list(course_passages(sorted((arguments.data / "course").glob("*.jsonl.gz"))))
    for size in map(int, arguments.sizes.split(",")):
        texts = contexts + grown(filler, size - len(contexts))
        vectors = embed(texts, len(contexts), embedder)
        with (
            tempfile.TemporaryDirectory() as folder,
            ChunkStore.open(Path(folder), embedder, write=True) as store,
        ):
            store.add(chunks_of(texts, "d"), vectors)
            retriever = CourseRetriever(store=store, embedder=embedder, dense_weight=load().dense_weight, k=10)
            searcher(retriever)(pairs[0][0])  # loads Kiwi and opens the indexes
            report("coursemate", size, recall(searcher(retriever), pairs))
        if not arguments.no_peer:
            some = pairs if size <= len(contexts) else pairs[:100]
            report("EnsembleRetriever", size, recall(peer(texts, embedder, vectors), some))


def grown(filler: Sequence[str], wanted: int) -> list[str]:
    """`wanted` distinct passages; beyond what there is, passages are repeated with a mark so that texts stay distinct."""
    rounds = range(max(0, wanted) // max(1, len(filler)) + 1)
    texts = [text if n == 0 else f"{text} ({n})" for n in rounds for text in filler]
    return list(dict.fromkeys(texts))[: max(0, wanted)]


def embed(texts: Sequence[str], real: int, embedder: Embedder) -> np.ndarray:
    """Vectors, (N, D): of the first `real` texts the embedder's, of the rest random mixtures of two of them.

    The rest only makes the index as large as a big course; recall is measured without it.
    """
    vectors = embedder.embed_passages(list(texts[:real]))
    draw = np.random.default_rng(0)
    left, right = (vectors[draw.integers(0, real, len(texts) - real)] for _ in range(2))
    mixed = left + right + draw.normal(0, 0.02, left.shape).astype(np.float32)
    rows: np.ndarray = np.concatenate([vectors, mixed / np.linalg.norm(mixed, axis=1, keepdims=True)])
    return rows


def report(name: str, size: int, values: dict[str, float]) -> None:
    """One line of JSON; recall only where all passages are real."""
    if size:
        values = {k: v for k, v in values.items() if k.endswith("_ms")}
    print(json.dumps({"retriever": name, "chunks": size} | {k: round(v, 4) for k, v in values.items()}), flush=True)


if __name__ == "__main__":
    main()
