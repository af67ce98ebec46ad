"""Texts and pairs as they are published: a row a line (TSV, CSV, JSON lines), or a folder a class (aclImdb).

Each reader takes the catalogue's entry and a folder, and returns train and test, or None where its files are not there.
Raises InputError for a file that is damaged or lacks a column.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from app.labs.data.base import Split, broken, halves
from app.labs.data.catalog import Entry

Found = tuple[Split, Split]
_SUFFIXES = (".txt", ".tsv", ".csv", ".jsonl")
_TEXT, _LABEL = ("document", "review", "text", "sentence"), ("label", "sentiment")
_CLASS = {"0": 0, "1": 1, "neg": 0, "pos": 1, "negative": 0, "positive": 1}
_TOP_SCORE = 5.0


def lines(entry: Entry, folder: Path) -> Found | None:
    """A file whose name holds "train" and one with "test" (NSMC, KorSTS), or one file that is halved (IMDB's CSV)."""
    files = [path for path in sorted(folder.iterdir()) if path.name.removesuffix(".gz").endswith(_SUFFIXES)]
    parts = [[path for path in files if word in path.name.lower()] for word in ("train", "test")]
    if all(parts):
        train, test = (_split(entry, paths[0]) for paths in parts)
        return train, test
    single = next((path for path in files if path.name.endswith((".csv", ".tsv"))), None)
    if single is None:
        return None
    whole = _split(entry, single)
    return halves(whole.inputs, whole.targets)


def _split(entry: Entry, path: Path) -> Split:
    read = _pair if entry.kind == "pairs" else _labelled
    rows = [found for number, row in _rows(path) if (found := read(path, number, row)) is not None]
    if not rows:
        raise broken(path, "it holds no row")
    kind = np.float64 if entry.kind == "pairs" else np.int64
    return Split([given for given, _ in rows], np.array([wanted for _, wanted in rows], kind))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line or row number from 1, and the row by column."""
    try:
        with _opened(path) as file:
            yield from _json_rows(file) if ".jsonl" in path.name else _table_rows(file, path)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error, json.JSONDecodeError) as error:
        raise broken(path, str(error)) from error


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _json_rows(file: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(file, 1):
        row = json.loads(line) if line.strip() else {}
        yield number, row if isinstance(row, dict) else {}


def _table_rows(file: Iterable[str], path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Commas with quotes, or tabs without: in the published TSV files a quotation mark is only that."""
    commas = ".csv" in path.name
    reader = csv.DictReader(
        file, delimiter="," if commas else "\t", quoting=csv.QUOTE_MINIMAL if commas else csv.QUOTE_NONE
    )
    for row in reader:
        yield reader.line_num, row


def _labelled(path: Path, number: int, row: dict[str, Any]) -> tuple[str, int] | None:
    """None for an empty text, of which NSMC has a few."""
    text = next((str(row[name]) for name in _TEXT if row.get(name) is not None), None)
    label = next((str(row[name]) for name in _LABEL if row.get(name) is not None), None)
    if text is None or label is None:
        raise broken(path, f"row {number} lacks a text ({', '.join(_TEXT)}) or a label ({', '.join(_LABEL)})")
    if label.lower() not in _CLASS:
        raise broken(path, f"row {number} has the label {label!r}, not 0, 1, neg or pos")
    cleaned = text.replace("<br />", " ").strip()
    return (cleaned, _CLASS[label.lower()]) if cleaned else None


def _pair(path: Path, number: int, row: dict[str, Any]) -> tuple[tuple[str, str], float]:
    first, second = row.get("sentence1"), row.get("sentence2")
    try:
        score = float(row.get("score") or "nan")
    except ValueError:
        score = float("nan")
    if not first or not second or not 0 <= score <= _TOP_SCORE:
        raise broken(path, f"row {number} lacks sentence1, sentence2 or a score from 0 to 5")
    return (str(first).strip(), str(second).strip()), score


def text_folders(entry: Entry, folder: Path) -> Found | None:
    """train/pos/*.txt, train/neg/*.txt and the same under test, here or in aclImdb."""
    place = next((p for p in (folder, folder / "aclImdb") if (p / "train" / "pos").is_dir()), None)
    if place is None or not (place / "test" / "pos").is_dir():
        return None
    train, test = (_reviews(place / part) for part in ("train", "test"))
    return train, test


def _reviews(folder: Path) -> Split:
    texts: list[str] = []
    kinds: list[int] = []
    for kind in ("neg", "pos"):
        for path in sorted((folder / kind).glob("*.txt")):
            try:
                texts.append(path.read_text(encoding="utf-8").replace("<br />", " ").strip())
            except (OSError, UnicodeDecodeError) as error:
                raise broken(path, str(error)) from error
            kinds.append(_CLASS[kind])
    if len(set(kinds)) < len(set(_CLASS.values())):
        raise broken(folder, "it needs texts in both neg and pos")
    return Split(texts, np.array(kinds, np.int64))
