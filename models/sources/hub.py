"""The Hugging Face Hub as a source: its addresses, its token and its proxy settings, but a download of our own.

huggingface_hub 1.33 no longer goes on with a file after the process died (it deletes what had come), so the bytes are
streamed here with HTTP ranges. Whether the hub answers at all is found within three seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import httpx

from models.catalog import WeightsFile, WeightsSource
from models.errors import DownloadFailed, HubUnreachable, WeightsError
from models.progress import Meter
from models.sources.partial import PartialFile, arrived

PROBE_S = 3.0
FIRST_WAIT_S = 1.0
_STALL_S = 30.0
_TRIES_WITHOUT_PROGRESS = 3
_NOT_FOR_US = {401: "it wants a token (set HF_TOKEN)", 403: "access is refused", 404: "there is no such file"}
_log = logging.getLogger(__name__)


class _BrokenOff(Exception):
    """The transfer ended early for a reason that may pass."""


def fetch(source: WeightsSource, folder: Path, meter: Meter, endpoint: str = "") -> dict[str, str]:
    """Fills `folder` with the source's files; file name -> SHA-256. endpoint: "" for HF_ENDPOINT or the public hub.

    Raises HubUnreachable (nothing answers), DownloadFailed (it does, but not with the file), HashMismatch.
    """
    meter.stage("connecting")
    require_hub(meter.name, _url(source, source.files[0], endpoint), source.revision)
    meter.start("hub", sum(file.size_bytes for file in source.files) if all(f.size_bytes for f in source.files) else 0)
    hashes: dict[str, str] = {}
    for file in source.files:
        hashes[file.name] = arrived(file, folder) or _download(_url(source, file, endpoint), file, folder, meter)
        meter.file_done((folder / file.name).stat().st_size)
    return hashes


def _url(source: WeightsSource, file: WeightsFile, endpoint: str) -> str:
    from huggingface_hub import hf_hub_url

    return hf_hub_url(source.repository, file.hub_path, revision=source.revision, endpoint=endpoint or None)


def require_hub(name: str, url: str, revision: str = "") -> None:
    """Returns if the hub answers for `url` within PROBE_S. revision: the commit that it must name, "" for any.

    A thread bounds what no timeout does, such as looking up the host's name.
    """
    outcome: list[WeightsError] = []

    def ask() -> None:
        try:
            outcome.extend(_refusal(name, url, revision))
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            outcome.append(HubUnreachable(name=name, detail=f"{_host(url)}: {error or type(error).__name__}"))

    asking = threading.Thread(target=ask, name="hub-probe", daemon=True)
    asking.start()
    asking.join(PROBE_S)
    if asking.is_alive():
        raise HubUnreachable(name=name, detail=f"{_host(url)}: no answer within {PROBE_S:g} s")
    if outcome:
        raise outcome[0]


def _refusal(name: str, url: str, revision: str) -> list[WeightsError]:
    from huggingface_hub import get_session

    response = get_session().head(url, headers=_headers(), timeout=PROBE_S, follow_redirects=False)
    status = response.status_code
    if status in _NOT_FOR_US:
        return [DownloadFailed(name=name, detail=f"{url}: {_NOT_FOR_US[status]}")]
    if status >= 400:
        return [HubUnreachable(name=name, detail=f"{_host(url)} answers with status {status}")]
    if revision and response.headers.get("X-Repo-Commit") != revision:
        return [HubUnreachable(name=name, detail=f"what answers at {_host(url)} is not the hub")]
    return []


def _download(url: str, file: WeightsFile, folder: Path, meter: Meter) -> str:
    """Appends what is missing until the file is whole, through dropped connections; returns its SHA-256."""
    with PartialFile(meter.name, file, folder) as partial:
        meter.stage("checking")
        partial.resume(meter.kept)
        meter.stage("downloading")
        tries = 0
        while file.size_bytes == 0 or partial.size != file.size_bytes:
            before = partial.size
            try:
                _stream(url, file, partial, meter)
                break
            except (_BrokenOff, httpx.HTTPError) as error:
                tries = 1 if partial.size > before else tries + 1
                if tries >= _TRIES_WITHOUT_PROGRESS:
                    raise DownloadFailed(name=meter.name, detail=f"{_host(url)}: {error}") from error
                _log.info("%s broke off at byte %d: %s", file.name, partial.size, error)
                time.sleep(FIRST_WAIT_S * 2 ** (tries - 1))
        meter.stage("checking")
        return partial.finish()


def _stream(url: str, file: WeightsFile, partial: PartialFile, meter: Meter) -> None:
    """One request for the bytes from `partial.size` on."""
    from huggingface_hub import get_session

    headers = _headers() | {"Accept-Encoding": "identity"}
    if partial.size:
        headers["Range"] = f"bytes={partial.size}-"
    timeout = httpx.Timeout(_STALL_S, connect=PROBE_S * 3)
    with get_session().stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as response:
        _accept(response, partial, meter.name)
        for chunk in response.iter_raw():  # as they come: what a given size waits for is lost in a break
            partial.append(chunk)
            meter.at(partial.size)
            if file.size_bytes and partial.size > file.size_bytes:
                partial.restart()
                detail = f"{_host(url)} sent more than the {file.size_bytes:,} bytes of {file.name}"
                raise DownloadFailed(name=meter.name, detail=detail)
    if partial.size < file.size_bytes:
        raise _BrokenOff(f"{file.size_bytes - partial.size:,} bytes are missing")


def _accept(response: httpx.Response, partial: PartialFile, name: str) -> None:
    """Brings the partial file to the byte at which the answer begins."""
    status = response.status_code
    if status in _NOT_FOR_US:
        raise DownloadFailed(name=name, detail=f"{response.url}: {_NOT_FOR_US[status]}")
    if status == 416 or (status == 200 and partial.size):
        partial.restart()
    if status not in (200, 206):
        raise _BrokenOff(f"status {status}")
    begins = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    if status == 206 and begins != str(partial.size):
        partial.restart()
        raise _BrokenOff(f"the answer begins at byte {begins or 'unknown'}")


def _headers() -> dict[str, str]:
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    return build_hf_headers(library_name="coursemate")


def _host(url: str) -> str:
    return url.split("/")[2]
