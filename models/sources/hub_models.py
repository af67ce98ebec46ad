"""Any GGUF model of the hub by its id: `owner/repository` or `owner/repository:file.gguf`."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

import httpx

from models.catalog import WeightsEntry, WeightsFile, WeightsSource
from models.errors import DownloadFailed, InputError
from models.sources.hub import require_hub

_ID = re.compile(r"(?P<repository>[\w-][\w.-]*/[\w-][\w.-]*)(?::(?P<file>[^:\\]+\.gguf))?")
_FAVOURITE = "q4_k_m"
_TIMEOUT_S = 15.0


def describe(model: str, name: str, endpoint: str = "") -> WeightsEntry:
    """The entry for a hub id under a plain `name`, pinned to the revision and hashes that the hub names today.

    Without a file the one in Q4_K_M is taken, or the only one. Raises HubUnreachable, DownloadFailed (no such repository,
    or a token is needed) and InputError (several files, or none, could be meant).
    """
    match = _ID.fullmatch(model)
    if not match:
        raise InputError(detail=f"{model!r} is not a hub id: write owner/repository or owner/repository:file.gguf")
    repository = match["repository"]
    info = _info(repository, model, endpoint)
    sibling = _choose(model, match["file"], [s for s in info.siblings or () if s.rfilename.endswith(".gguf")])
    file = WeightsFile(
        name=PurePosixPath(sibling.rfilename).name,
        hub_path=sibling.rfilename,
        size_bytes=sibling.size or 0,
        sha256=sibling.lfs.sha256 if sibling.lfs else "",
    )
    licence = str((info.card_data or {}).get("license") or "see the model's page")
    source = WeightsSource(kind="hub", repository=repository, revision=info.sha, files=(file,))
    return WeightsEntry(
        name=name,
        label=model,
        kind="gguf",
        licence=licence,
        origin=f"https://huggingface.co/{repository}",
        size_bytes=file.size_bytes,
        sources=(source,),
    )


def _info(repository: str, model: str, endpoint: str) -> Any:
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError

    require_hub(model, f"{endpoint or constants.ENDPOINT}/api/models/{repository}")
    try:
        return HfApi(endpoint=endpoint or None, library_name="coursemate").model_info(
            repository, files_metadata=True, timeout=_TIMEOUT_S
        )
    except (HfHubHTTPError, httpx.HTTPError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DownloadFailed(name=model, detail=f"the hub does not give {repository}: {reason}") from error


def _choose(model: str, wanted: str | None, siblings: list[Any]) -> Any:
    names = [sibling.rfilename for sibling in siblings]
    if wanted:
        fitting = [s for s in siblings if s.rfilename == wanted]
    elif len(siblings) == 1:
        fitting = siblings
    else:
        fitting = [s for s in siblings if _FAVOURITE in s.rfilename.lower() and "-of-" not in s.rfilename]
    if len(fitting) == 1:
        return fitting[0]
    repository = model.partition(":")[0]
    choice = ", ".join(names[:20]) or "no GGUF file at all"
    raise InputError(detail=f"{model!r} does not name one file: {repository} holds {choice}")
