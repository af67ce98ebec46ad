"""Runs ingestion in children that may be killed. Imports and Kiwi's model are loaded once, so that a child starts at once.

    python crash_nursery.py DOCUMENTS        then a store folder a line on stdin

For each it prints the child's process id, then `ended` when the child is gone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def work(documents: Path, folder: Path) -> None:
    """One run of ingestion, in windows so small that there are many places to die at."""
    from ingest import pipeline, upkeep
    from ingest.base import Limits
    from ingest.store import ChunkStore
    from models.embedders.fake import FakeEmbedder

    pipeline.WINDOW_CHUNKS = 16
    upkeep.TAIL_CHUNKS = 64
    with ChunkStore.open(folder, FakeEmbedder(), write=True) as store:
        for _ in pipeline.ingest([documents], store, Limits()):
            pass


def main() -> None:
    """Loads what is slow, then forks a child for each line."""
    import chromadb  # noqa: F401

    import ingest.pipeline  # noqa: F401
    from ingest.analyser import kiwi

    kiwi()
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            work(Path(sys.argv[1]), Path(line.strip()))
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
