"""Datasets by name: where each is looked for, what is told of it, and what a damaged or missing file gets."""

from __future__ import annotations

import gzip
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.labs.base import Desk, Used
from app.labs.data import kept, made, published
from app.labs.data.base import Split
from app.labs.data.catalog import catalog, find
from app.labs.data.hub import fetch
from app.labs.data.loading import load
from models.errors import InputError, MissingError

DRAW = np.random.default_rng(0)


def write_idx(path: Path, values: np.ndarray) -> None:
    header = bytes([0, 0, 8, values.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in values.shape)
    path.write_bytes(gzip.compress(header + values.astype(np.uint8).tobytes(), mtime=0))


def put(home: Path, name: str, files: dict[str, bytes | str]) -> Path:
    folder = home / "datasets" / name
    for file, data in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


@pytest.fixture
def fashion(home: Path) -> Path:
    folder = home / "datasets" / "fashion_mnist"
    folder.mkdir(parents=True)
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", DRAW.integers(0, 256, (40, 28, 28)))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", np.arange(40) % 10)
    return folder


def test_every_stand_in_and_reader_is_there() -> None:
    for entry in catalog().values():
        assert set(entry.stand_ins) <= set(catalog())
        assert {catalog()[name].kind for name in entry.stand_ins} <= {entry.kind}
        assert set(entry.published) <= set(published.READERS)
        assert not entry.made or entry.made in made.GENERATORS


@pytest.mark.parametrize("name", sorted(catalog()))
def test_offline_every_name_gives_rows_and_says_which(desk: Desk, name: str) -> None:
    pytest.importorskip("sklearn")
    found = load(desk, name, train=30, test=20)
    assert (len(found.train), len(found.test)) == (30, 20)
    assert found.origin in {"package", "made", "debian"}
    assert found.used() == Used(found.name, found.origin, 50)
    if found.kind == "pictures":
        assert found.train.inputs.dtype == np.uint8
        assert found.train.inputs.shape[1:] == find(found.name).shape
    if found.classes:
        assert 0 <= found.train.targets.min() <= found.train.targets.max() < len(found.classes)
    again = load(desk, name, train=30, test=20)
    assert np.array_equal(np.array(found.train.inputs), np.array(again.train.inputs))


def test_the_folder_comes_before_the_package_and_another_seed_draws_others(desk: Desk, fashion: Path) -> None:
    found = load(desk, "fashion-mnist", train=10)
    assert (found.name, found.origin, len(found.train), len(found.test)) == ("fashion-mnist", "folder", 10, 40)
    assert "offline" in found.skipped[0]
    other = load(Desk(desk.home, seed=1), "fashion-mnist", train=10)
    assert not np.array_equal(found.train.inputs, other.train.inputs)


def test_debians_folder_is_taken_before_the_stand_ins(
    home: Path, tmp_path: Path, fashion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = find("fashion-mnist")
    assert entry.debian is not None
    debian = entry.debian.model_copy(update={"folder": fashion})
    monkeypatch.setitem(catalog(), "fashion-mnist", entry.model_copy(update={"debian": debian}))
    found = load(Desk(tmp_path), "fashion-mnist")
    assert (found.origin, len(found.train)) == ("debian", 40)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (b"no gzip", "gzip"),
        (gzip.compress(b"\0\0\x09\x01"), "begin as an IDX"),
        (gzip.compress(b"\0\0\x08\x03" + b"\0" * 12 + b"x"), "1 values"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x02ab"), "pictures"),
    ],
    ids=["no gzip", "another type", "cut short", "labels for pictures"],
)
def test_a_damaged_file_is_told_and_not_passed_over(desk: Desk, fashion: Path, damage: bytes, why: str) -> None:
    (fashion / "t10k-images-idx3-ubyte.gz").write_bytes(damage)
    with pytest.raises(InputError, match=why) as caught:
        load(desk, "fashion-mnist")
    assert caught.value.params["text_key"] == "labdata.broken"


def test_an_unknown_name_and_a_missing_folder_are_told(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="fashion-mnist, cifar10"):
        load(desk, "mnist")
    with pytest.raises(InputError, match="correct the setting"):
        load(Desk(desk.home, datasets=tmp_path / "gone"), "nsmc")


def cifar_rows(count: int) -> tuple[np.ndarray, list[int]]:
    return DRAW.integers(0, 256, (count, 3072)).astype(np.uint8), [n % 10 for n in range(count)]


def test_cifar_is_read_from_its_binary_batches(desk: Desk) -> None:
    rows, kinds = cifar_rows(12)
    data = np.column_stack([np.array(kinds, np.uint8), rows]).tobytes()
    put(desk.home, "cifar10", {"data_batch_1.bin": data, "test_batch.bin": data})
    found = load(desk, "cifar10")
    assert (found.origin, found.train.inputs.shape) == ("folder", (12, 32, 32, 3))
    assert found.train.inputs[3, 5, 7].tolist() == [rows[3, channel * 1024 + 5 * 32 + 7] for channel in range(3)]
    assert found.train.targets.tolist() == kinds


def test_cifar_is_read_from_its_python_batches(desk: Desk) -> None:
    rows, kinds = cifar_rows(8)
    batch = pickle.dumps({b"data": rows, b"labels": kinds}, protocol=2, fix_imports=True)
    put(desk.home, "cifar10", {f"cifar-10-batches-py/{name}": batch for name in ("data_batch_1", "test_batch")})
    found = load(desk, "cifar10")
    assert np.array_equal(found.test.inputs[2, :, :, 1].ravel(), rows[2, 1024:2048])


class Bomb:
    """What a stranger could put into a pickle: it makes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_a_batch_that_would_run_code_is_refused(desk: Desk, tmp_path: Path) -> None:
    batch = pickle.dumps({b"data": Bomb(tmp_path / "ran"), b"labels": []}, protocol=2)
    put(desk.home, "cifar10", {"data_batch_1": batch, "test_batch": batch})
    with pytest.raises(InputError, match="no batch of CIFAR-10"):
        load(desk, "cifar10")
    assert not (tmp_path / "ran").exists()


def test_pictures_in_class_folders_are_read(desk: Desk, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (32, 32), "red").save(tmp_path / "red.png")
    red = (tmp_path / "red.png").read_bytes()
    folder = put(
        desk.home, "cifar10", {f"{part}/{kind}/1.png": red for part in ("train", "test") for kind in ("cat", "dog")}
    )
    found = load(desk, "cifar10")
    assert found.train.inputs[0, 0, 0].tolist() == [255, 0, 0]
    assert [found.classes[kind] for kind in found.train.targets] == ["cat", "dog"]
    (folder / "train" / "cat" / "2.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"2\.png"):
        load(desk, "cifar10")


def test_pictures_in_class_folders_of_a_zip_are_read(desk: Desk, tmp_path: Path) -> None:
    """As JPEG files; where there are two archives, the larger one."""
    from PIL import Image

    Image.new("RGB", (32, 32), "blue").save(tmp_path / "blue.jpg")
    folder = desk.home / "datasets" / "cifar10"
    folder.mkdir(parents=True)
    for name, many in (("few.zip", 1), ("many.zip", 3)):
        with zipfile.ZipFile(folder / name, "w") as archive:
            for place in (f"{part}/ship/{n}.jpg" for part in ("train", "test") for n in range(many)):
                archive.write(tmp_path / "blue.jpg", place)
    found = load(desk, "cifar10")
    assert (found.origin, found.train.inputs.shape) == ("folder", (3, 32, 32, 3))
    assert found.test.inputs[2, 5, 5, 2] > 250
    assert found.train.targets.tolist() == [8, 8, 8]
    (folder / "many.zip").write_bytes(b"x" * 10_000)
    with pytest.raises(InputError, match=r"many\.zip"):
        load(desk, "cifar10")


TSV = 'id\tdocument\tlabel\n1\t"좋은 영화\t1\n2\t\t0\n3\t별로 😀\t0\n'


def test_nsmc_keeps_quotation_marks_and_leaves_out_empty_reviews(desk: Desk) -> None:
    put(desk.home, "nsmc", {"ratings_train.txt": "\ufeff" + TSV, "ratings_test.txt": TSV})
    found = load(desk, "nsmc")
    assert found.train.inputs == ['"좋은 영화', "별로 😀"]
    assert found.train.targets.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id\ttext\n1\t좋다\n", "lacks a text"),
        ("document\tlabel\n좋다\t7\n", "the label '7'"),
        ("document\tlabel\n", "no row"),
        ("document\tlabel\n좋다\t1\n".encode("cp949"), "utf-8"),
    ],
    ids=["no label", "odd label", "empty", "cp949"],
)
def test_texts_in_another_form_are_told(desk: Desk, text: bytes | str, why: str) -> None:
    put(desk.home, "nsmc", {"ratings_train.txt": text, "ratings_test.txt": TSV})
    with pytest.raises(InputError, match=why):
        load(desk, "nsmc")


def test_imdb_is_read_from_its_folders_and_from_one_csv(desk: Desk, tmp_path: Path) -> None:
    names = [
        f"aclImdb/{part}/{kind}/0_{n}.txt" for part in ("train", "test") for kind in ("pos", "neg") for n in (1, 2)
    ]
    put(desk.home, "imdb", {name: f"It was<br />{name}" for name in names})
    found = load(desk, "imdb")
    assert found.train.inputs[0] == "It was aclImdb/train/neg/0_1.txt"
    assert found.train.targets.tolist() == [0, 0, 1, 1]
    rows = "".join(f'"Good, ""really"" {n}",positive\n"Bad, {n}",negative\n' for n in range(10))
    put(tmp_path, "imdb", {"IMDB Dataset.csv": f"review,sentiment\n{rows}"})
    halved = load(Desk(desk.home, datasets=tmp_path / "datasets"), "imdb")
    assert (len(halved.train), len(halved.test)) == (16, 4)
    assert 'Good, "really" 0' in halved.test.inputs


def test_korsts_gives_pairs_and_scores(desk: Desk) -> None:
    head = "genre\tfilename\tyear\tid\tscore\tsentence1\tsentence2\n"
    row = "main\tMSRvid\t2012\t1\t3.8\t비가 온다.\t비가 내린다.\n"
    put(desk.home, "korsts", {"sts-train.tsv": head + row, "sts-test.tsv": head + row})
    found = load(desk, "korsts")
    assert found.train.inputs == [("비가 온다.", "비가 내린다.")]
    assert found.train.targets.tolist() == [3.8]


@pytest.mark.parametrize("name", ["fashion-mnist", "nsmc", "korsts", "iris"])
def test_what_was_kept_comes_back_and_a_changed_copy_does_not(home: Path, name: str) -> None:
    entry, rows = find(name), 6
    inputs: dict[str, Any] = {
        "pictures": DRAW.integers(0, 256, (rows, *entry.shape)).astype(np.uint8),
        "texts": [f"리뷰 {n}\u2028\x85" for n in range(rows)],
        "pairs": [("가", f"나 {n}") for n in range(rows)],
        "table": DRAW.normal(size=(rows, 2)),
    }
    split = Split(inputs[entry.kind], np.arange(rows) % 2)
    kept.keep(home, entry, (split, split))
    train, _ = kept.kept(home, entry) or (None, None)
    assert train is not None
    assert np.array_equal(np.array(train.inputs), np.array(split.inputs))
    assert train.targets.tolist() == split.targets.tolist()
    assert load(Desk(home), name).origin == "cache"
    damaged = next(path for path in kept.folder_of(home, name).iterdir() if path.name.startswith("train"))
    damaged.write_bytes(damaged.read_bytes() + b" ")
    assert kept.kept(home, entry) is None


def test_the_hub_library_reads_a_repository_of_the_same_form(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    rows = "\n".join(json.dumps({"document": text, "label": n % 2}) for n, text in enumerate(["가", "나", " ", "다"]))
    for part in ("train", "test"):
        (tmp_path / f"{part}.jsonl").write_text(rows, encoding="utf-8")
    entry = find("nsmc")
    assert entry.hub is not None
    here = entry.model_copy(update={"hub": entry.hub.model_copy(update={"repository": str(tmp_path), "revision": ""})})
    found = fetch(here, home / "hub")
    assert not isinstance(found, str)
    assert found[0].inputs == ["가", "나", "다"]
    gone = entry.model_copy(update={"hub": entry.hub.model_copy(update={"repository": str(tmp_path / "gone")})})
    assert "the hub gave no" in str(fetch(gone, home / "hub"))


def test_nothing_at_all_says_what_to_install(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = find("nsmc").model_copy(update={"stand_ins": ()})
    monkeypatch.setitem(catalog(), "nsmc", alone)
    with pytest.raises(MissingError, match="pip install"):
        load(desk, "nsmc")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "rows"), [("fashion-mnist", (6000, 2000)), ("nsmc", (20000, 5000)), ("korsts", (5749, 1379))]
)
def test_the_published_files_are_read(desk: Desk, shared_data: Path, name: str, rows: tuple[int, int]) -> None:
    found = load(Desk(desk.home, datasets=shared_data), name)
    assert (found.name, found.origin) == (name, "folder")
    assert (len(found.train), len(found.test)) == rows
    few = load(Desk(desk.home, datasets=shared_data), name, train=100, test=50)
    assert (len(few.train), len(few.test)) == (100, 50)
