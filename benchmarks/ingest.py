"""Ingestion beside LangChain's usual way: chunks a second on identical chunks, peak memory, and where our time goes.

The peer is HuggingFaceEmbeddings (the same e5 weights, float32) and langchain-chroma's add_documents. Both get the chunks
that our splitter makes; ours also loads, cuts, analyses and keeps a catalogue in its time. Each runs in a process of its own.

    python benchmarks/ingest.py --weights ~/.local/share/coursemate/weights               # 472 documents, about 20 minutes
    python benchmarks/ingest.py --weights … --sample 40                                   # a tenth of them
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "course" / "course_ko_permissive.jsonl.gz"
E5 = "multilingual-e5-small"
WANTED_RATIO, WANTED_MB = 2.5, 1_500

# Python looks for modules beside a script first, and this file is called like the package that it and others measure.
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent]
if __name__ == "ingest":
    del sys.modules[__name__]
    importlib.import_module(__name__)


def write_documents(data: Path, folder: Path, sample: int) -> list[Path]:
    """The documents as Markdown files; sample: how many, evenly spread, 0 for all."""
    with gzip.open(data, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    chosen = rows[:: max(1, len(rows) // sample)][:sample] if sample else rows
    paths = [folder / f"{number:04d}.md" for number in range(len(chosen))]
    for path, row in zip(paths, chosen, strict=True):
        path.write_text(row["text"], encoding="utf-8")
    return paths


class Stopwatch:
    """Adds up the seconds that calls take, by name; calls inside a timed call are not taken off."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Times a block."""
        started = time.perf_counter()
        yield
        with self._lock:
            self.seconds[name] += time.perf_counter() - started

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, timed; an iterator's work is timed as it is done."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.running(name):
                result = call(*args, **kwargs)
            return self.each(name, result) if isinstance(result, Iterator) else result

        return timed

    def each(self, name: str, items: Iterator[Any]) -> Iterator[Any]:
        """The items, the time to make each added up."""
        while True:
            with self.running(name):
                item = next(items, None)
            if item is None:
                return
            yield item


def time_parts(watch: Stopwatch) -> None:
    """Puts the stopwatch around each part of the pipeline. Times overlap where two threads work."""
    from ingest import pipeline, store, upkeep
    from ingest.catalog import Catalog
    from ingest.lexical import LexicalIndex

    def load(path: Path, limits: Any) -> Any:
        format_, pages = original(path, limits)
        return format_, watch.each("load", pages)

    original = pipeline.load_pages
    pipeline.load_pages = load  # type: ignore[assignment]
    pipeline.split_pages = watch.around("split, loading included", pipeline.split_pages)
    store.content_morphemes = watch.around("morphemes", store.content_morphemes)
    upkeep.build_snapshot = watch.around("chroma", upkeep.build_snapshot)
    for name in ("add", "commit"):
        setattr(LexicalIndex, name, watch.around("tantivy", getattr(LexicalIndex, name)))
    for name in ("stage", "publish", "sweep"):
        setattr(Catalog, name, watch.around("sqlite", getattr(Catalog, name)))


def run_ours(documents: Path, weights: Path, chunks_file: Path) -> dict[str, Any]:
    """Ingests the folder into a new store and writes the chunks out for the peer."""
    from ingest.analyser import kiwi
    from ingest.base import Limits
    from ingest.pipeline import ingest
    from ingest.split import indexed_text
    from ingest.store import ChunkStore
    from models.embedders.e5 import EMBEDDER

    watch = Stopwatch()
    with watch.running("models (not counted)"):
        embedder = EMBEDDER.build("", weights)
        kiwi()
    embedder.embed_passages = watch.around("embed", embedder.embed_passages)
    time_parts(watch)
    with tempfile.TemporaryDirectory() as home, ChunkStore.open(Path(home), embedder, write=True) as store:
        started, cpu = time.perf_counter(), time.process_time()
        reports = list(ingest([documents], store, Limits()))
        times = {"seconds": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}
        chunks = [chunk for record in store.documents() for chunk in store.chunks_of(record.id)]
        with chunks_file.open("w", encoding="utf-8") as file:
            for chunk in chunks:
                file.write(json.dumps({"text": indexed_text(chunk), "source": chunk.source}) + "\n")
    failed = [str(report.error) for report in reports if report.error]
    return {"documents": len(reports), "failed": failed, "chunks": len(chunks), **times, **parts(watch)}


def parts(watch: Stopwatch) -> dict[str, Any]:
    """Seconds by part, the largest first."""
    ordered = sorted(watch.seconds.items(), key=lambda item: -item[1])
    return {"parts_s": {name: round(seconds, 2) for name, seconds in ordered}}


def run_peer(weights: Path, chunks_file: Path, share: float) -> dict[str, Any]:
    """Embeds and stores the same chunks the usual way. share: of the chunks, evenly spread, to save time."""
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_huggingface import HuggingFaceEmbeddings

    rows = [json.loads(line) for line in chunks_file.read_text(encoding="utf-8").splitlines()]
    rows = rows[:: max(1, round(1 / share))]
    embedder = HuggingFaceEmbeddings(
        model_name=str(weights / E5), model_kwargs={"device": "cpu"}, encode_kwargs={"normalize_embeddings": True}
    )
    documents = [Document(f"passage: {row['text']}", metadata={"source": row["source"]}) for row in rows]
    with tempfile.TemporaryDirectory() as home:
        store = Chroma("peer", embedding_function=embedder, persist_directory=home)
        embedder.embed_query("query: warm up")
        started, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(documents), 5_000):
            store.add_documents(documents[start : start + 5_000])
        times = {"seconds": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}
    return {"chunks": len(documents), **times}


def measured(result: dict[str, Any]) -> dict[str, Any]:
    """The result with its rate and this process's peak memory."""
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    return {**result, "chunks_per_s": result["chunks"] / result["seconds"], "peak_mb": round(peak_mb)}


def in_process(*arguments: str) -> dict[str, Any]:
    """Runs this file again for one side; its last line is the result."""
    command = [sys.executable, __file__, *arguments]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    return result


def compare(arguments: argparse.Namespace) -> int:
    """Both sides, one after the other, and the verdict."""
    with tempfile.TemporaryDirectory() as work:
        documents, chunks_file = Path(work, "documents"), Path(work, "chunks.jsonl")
        documents.mkdir()
        write_documents(arguments.data, documents, arguments.sample)
        common = ["--weights", str(arguments.weights), "--chunks-file", str(chunks_file)]
        ours = in_process("--side", "ours", "--documents", str(documents), *common)
        print(json.dumps({"side": "ours", **ours}, ensure_ascii=False), flush=True)
        peer = in_process("--side", "peer", "--peer-share", str(arguments.peer_share), *common)
        print(json.dumps({"side": "peer", **peer}, ensure_ascii=False), flush=True)
    ratio = ours["chunks_per_s"] / peer["chunks_per_s"]
    passed = ratio >= WANTED_RATIO and ours["peak_mb"] < WANTED_MB
    cpu_ratio = peer["cpu_s"] / peer["chunks"] * ours["chunks"] / ours["cpu_s"]  # less at the mercy of other processes
    verdict = {"ratio": round(ratio, 2), "cpu_ratio": round(cpu_ratio, 2), "wanted": WANTED_RATIO, "passed": passed}
    print(json.dumps(verdict))
    return 0 if passed else 1


def main() -> int:
    """Prints one JSON line a side and one for the verdict; exits 1 where it misses the mark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="folder of fetched weights")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sample", type=int, default=0, help="documents, evenly spread; 0: all")
    parser.add_argument("--peer-share", type=float, default=1.0, help="share of the chunks that the peer gets")
    parser.add_argument("--side", choices=("ours", "peer"), help=argparse.SUPPRESS)
    parser.add_argument("--documents", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--chunks-file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side == "ours":
        print(json.dumps(measured(run_ours(arguments.documents, arguments.weights, arguments.chunks_file))))
        return 0
    if arguments.side == "peer":
        print(json.dumps(measured(run_peer(arguments.weights, arguments.chunks_file, arguments.peer_share))))
        return 0
    return compare(arguments)


if __name__ == "__main__":
    sys.exit(main())
