"""Pictures as they are published: IDX files, CIFAR-10's batches, and folders or a zip with a folder for each class.

Each reader takes the catalogue's entry and a folder, and returns train and test, or None where its files are not there.
Raises InputError for a file that is damaged or holds something else.
"""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from app.labs.data.base import Split, broken
from app.labs.data.catalog import Entry

Found = tuple[Split, Split]
_IDX = (("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"))
_CIFAR = (tuple(f"data_batch_{n}" for n in range(1, 6)), ("test_batch",))
_MOST_BYTES = 500_000_000
_PICTURES = (".png", ".jpg", ".jpeg")


def idx(entry: Entry, folder: Path) -> Found | None:
    """Fashion-MNIST's four files, gzipped or not."""
    paths = [[_one_of(folder, name, f"{name}.gz") for name in pair] for pair in _IDX]
    if not all(path for pair in paths for path in pair):
        return None
    train, test = (_idx_pair(entry, images, kinds) for images, kinds in paths if images and kinds)
    return train, test


def _one_of(folder: Path, *names: str) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _idx_pair(entry: Entry, images: Path, kinds: Path) -> Split:
    return _checked(entry, images, read_idx(images), read_idx(kinds))


def read_idx(path: Path) -> NDArray[np.uint8]:
    """An array from an IDX file: two zeros, the type (8: bytes), the number of axes, their lengths, the values."""
    data = _bytes(path)
    axes = data[3] if len(data) > 3 else 0
    start = 4 + 4 * axes
    if data[:3] != b"\0\0\x08" or len(data) < start:
        raise broken(path, "it does not begin as an IDX file of bytes does")
    shape = tuple(int.from_bytes(data[4 + 4 * n : 8 + 4 * n], "big") for n in range(axes))
    if len(data) - start != int(np.prod(shape)):
        raise broken(path, f"it has {len(data) - start} values, not {shape}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _bytes(path: Path) -> bytes:
    """The file's bytes, unpacked where it is gzipped, by its name."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise broken(path, str(error)) from error
    if len(data) > _MOST_BYTES:
        raise broken(path, f"it is larger than {_MOST_BYTES // 1_000_000} MB")
    return data


def _checked(entry: Entry, path: Path, images: NDArray[np.uint8], kinds: NDArray[Any]) -> Split:
    """Raises InputError where the shapes or the classes are not the dataset's."""
    if images.shape[1:] != entry.shape or kinds.shape != images.shape[:1] or not len(images):
        raise broken(path, f"{images.shape} pictures and {kinds.shape} labels, but each should be {entry.shape}")
    if int(kinds.max()) >= len(entry.classes):
        raise broken(path, f"a label is {int(kinds.max())}, but there are {len(entry.classes)} classes")
    return Split(images, kinds.astype(np.int64))


def cifar_binary(entry: Entry, folder: Path) -> Found | None:
    """data_batch_1.bin … test_batch.bin: rows of a label byte and 3072 bytes, channel by channel."""
    return _cifar(entry, folder, ".bin", _binary_batch)


def cifar_python(entry: Entry, folder: Path) -> Found | None:
    """data_batch_1 … test_batch: pickles of a dictionary with data and labels, read without running what they name."""
    return _cifar(entry, folder, "", _python_batch)


def _cifar(entry: Entry, folder: Path, suffix: str, read: Any) -> Found | None:
    """The training batches that are there, in their order, and the test batch; they may lie one folder deeper."""
    places = [folder, *sorted(folder.glob("cifar-10-batches-*"))]
    place = next((p for p in places if (p / f"{_CIFAR[1][0]}{suffix}").is_file()), None)
    paths = [[p for name in part if (p := place / f"{name}{suffix}").is_file()] for part in _CIFAR] if place else [[]]
    if not all(paths):
        return None
    train, test = (_batches(entry, part, read) for part in paths)
    return train, test


def _batches(entry: Entry, paths: list[Path], read: Any) -> Split:
    parts = [_planes(entry, path, *read(path)) for path in paths]
    return Split(np.concatenate([p.inputs for p in parts]), np.concatenate([p.targets for p in parts]))


def _planes(entry: Entry, path: Path, rows: NDArray[np.uint8], kinds: NDArray[Any]) -> Split:
    if rows.ndim != 2 or rows.shape[1] != 3072:
        raise broken(path, f"its rows are {rows.shape}, not (N, 3072)")
    images = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (N, 3072) -> (N, C, H, W) -> (N, H, W, C)
    return _checked(entry, path, np.ascontiguousarray(images), kinds)


def _binary_batch(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    data = np.frombuffer(_bytes(path), np.uint8)
    if not len(data) or len(data) % 3073:
        raise broken(path, f"{len(data)} bytes are no whole number of rows of 3073")
    rows = data.reshape(-1, 3073)  # (N * 3073,) -> (N, 3073)
    return rows[:, 1:], rows[:, 0]


class _Bytes:
    """Stands for the array of bytes that a batch names, so that none of NumPy's own unpickling runs on a stranger's file."""

    values: NDArray[np.uint8]

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if len(state) == 5 and isinstance(state[4], bytes):  # version, shape, dtype, Fortran order, bytes
            self.values = np.frombuffer(state[4], np.uint8).reshape(state[1])


class _Type:
    """Stands for the dtype that a batch names; CIFAR-10 holds bytes only."""

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


def _latin1(text: str, _: object = None) -> bytes:
    """Stands for the call by which Python 3 writes bytes into old pickles."""
    return text.encode("latin1")


class _Batch(pickle.Unpickler):
    """Knows the names that CIFAR-10's batches use, as stand-ins, and refuses all others."""

    STANDS: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy", "_reconstruct"): _Bytes,
        ("numpy", "ndarray"): _Bytes,
        ("numpy", "dtype"): _Type,
        ("_codecs", "encode"): _latin1,
    }

    def find_class(self, module: str, name: str) -> Any:
        place = (module.split(".")[0], name)
        if place in self.STANDS:
            return self.STANDS[place]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no batch of CIFAR-10 does")


def _python_batch(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        held = _Batch(io.BytesIO(_bytes(path)), encoding="bytes").load()
        data, labels = (held.get(key.encode(), held.get(key)) for key in ("data", "labels"))
        return data.values, np.array(labels, np.int64)
    except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, TypeError, IndexError, KeyError) as error:
        raise broken(path, f"it is no batch of CIFAR-10: {error}") from error


def image_folder(entry: Entry, folder: Path) -> Found | None:
    """train/<class>/*.png and test/<class>/*.png (or .jpg), as folders or in one zip, classes named as the dataset's."""
    archives = sorted(folder.glob("*.zip"), key=lambda path: (-path.stat().st_size, path.name))
    if (folder / "train").is_dir():
        files = _files_below(folder)
    elif archives:
        files = _files_of(archives[0])
    else:
        return None
    rows: dict[str, list[tuple[NDArray[np.uint8], int]]] = {"train": [], "test": []}
    for name, path, data in files:
        part, kind = PurePosixPath(name).parts[-3:-1] if len(PurePosixPath(name).parts) > 2 else ("", "")
        if part in rows and kind in entry.classes:
            rows[part].append((_decoded(entry, path, name, data), entry.classes.index(kind)))
    if not all(rows.values()):
        return None
    train, test = (Split(np.stack([i for i, _ in part]), np.array([k for _, k in part])) for part in rows.values())
    return train, test


def _files_below(folder: Path) -> Iterator[tuple[str, Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _PICTURES and path.is_file():
            yield path.relative_to(folder).as_posix(), path, path.read_bytes()


def _files_of(archive: Path) -> Iterator[tuple[str, Path, bytes]]:
    try:
        with zipfile.ZipFile(archive) as held:
            for name in sorted(held.namelist()):
                if PurePosixPath(name).suffix.lower() in _PICTURES and held.getinfo(name).file_size < 1_000_000:
                    yield name, archive, held.read(name)
    except (zipfile.BadZipFile, zlib.error, OSError) as error:
        raise broken(archive, str(error)) from error


def _decoded(entry: Entry, path: Path, name: str, data: bytes) -> NDArray[np.uint8]:
    """One picture in the dataset's size and colours."""
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(data)).convert("RGB" if len(entry.shape) == 3 else "L")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise broken(path, f"{name}: {error}") from error
    if image.size != (entry.shape[1], entry.shape[0]):
        raise broken(path, f"{name} is {image.size[0]} x {image.size[1]}, not {entry.shape[1]} x {entry.shape[0]}")
    return np.asarray(image, np.uint8)
