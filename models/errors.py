"""Every error a person can cause or meet, in one tree.

    CourseMateError
    ├── InputError            a value given on the command line, page or API is wrong
    │   └── QuestionSetError  rows of a question set are wrong; `problems` names each
    ├── ConfigError           a setting is unknown or out of range
    ├── MissingError          a key, an extra, a package or weights are not there
    ├── WeightsError
    │   ├── HubUnreachable    neither the hub nor the package registry answered
    │   ├── HashMismatch      the bytes are not the ones the catalogue pins
    │   └── DownloadFailed
    ├── DocumentError         one file cannot be read; `reason` says why (see DocumentReason)
    ├── StoreError
    │   ├── StoreLocked       another process writes to the same home
    │   ├── EmbedderChanged   the vectors come from another embedder: reindex
    │   └── DiskFull
    └── BackendError          carries the backend's name
        ├── BackendUnreachable
        ├── BackendTimeout
        ├── RateLimited
        ├── BackendRefusedKey
        ├── SafetyBlocked
        └── ContextTooLong

`str(error)` is one English sentence that holds the bad value and the next step. `code` and `params` let the page and the
command line say the same in Korean (app/ui/i18n); a test holds every code to have a Korean text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal


class CourseMateError(Exception):
    """Root of all. Subclasses set `code` and a `template` that is formatted with the keyword arguments."""

    code: ClassVar[str] = "error"
    template: ClassVar[str] = "{detail}"

    def __init__(self, **params: Any) -> None:
        self.params = params
        super().__init__(self.template.format(**params))


class InputError(CourseMateError):
    """detail: what is wrong and what to give instead."""

    code = "input"


RowReason = Literal[
    "not_json",
    "not_object",
    "missing",
    "empty",
    "type",
    "unknown",
    "twice",
    "conflict",
    "too_long",
    "encoding",
    "columns",
]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row. row: line of the file or row of the sheet, from 1; value: what stands there, or is wanted."""

    row: int
    field: str
    reason: RowReason
    value: str = ""

    SAYING: ClassVar[dict[str, str]] = {
        "not_json": "it is not JSON ({value})",
        "not_object": "it is {value}, not an object with fields",
        "missing": "`{field}` is missing",
        "empty": "`{field}` is empty",
        "type": "`{field}` must be {value}",
        "unknown": "there is no field `{field}`; the fields are {value}",
        "twice": "the {field} {value} has stood before; give each its own",
        "conflict": "`{field}` says something although the question is marked as not answerable",
        "too_long": "`{field}` is longer than {value} characters",
        "encoding": "`{field}` holds characters that could not be read; save the file as UTF-8",
        "columns": "it has {value}; put quotes around texts that hold commas or line breaks",
    }

    WANTED: ClassVar[dict[str, str]] = {
        "text": "text",
        "flag": "true or false",
        "texts": "a list of texts",
        "groups": "a list of lists of texts",
    }

    def __str__(self) -> str:
        value = self.WANTED[self.value] if self.reason == "type" else self.value
        return f"row {self.row}: {self.SAYING[self.reason].format(field=self.field, value=value)}"


class QuestionSetError(InputError):
    """path: of the set; detail: the problems in words. problems: RowProblem, the first ones; total: bad rows; unnamed: those of
    them that `problems` does not name."""

    code = "question_set"
    template = "{path}: {detail}"

    @classmethod
    def of(cls, path: str, problems: Sequence[RowProblem], total: int = 0) -> QuestionSetError:
        """The error over these rows, of `total` bad ones."""
        named = len({problem.row for problem in problems})
        total = max(total, named)
        lines = "".join(f"\n  {problem}" for problem in problems)
        unnamed = f"\n  and {total - named} more" if total > named else ""
        detail = f"{total} rows are wrong; correct them and try again:{lines}{unnamed}"
        return cls(path=path, detail=detail, problems=tuple(problems), total=total, unnamed=total - named)


class ConfigError(CourseMateError):
    """key, value, detail."""

    code = "config"
    template = "The setting {key}={value!r} cannot be used: {detail}"


class MissingError(CourseMateError):
    """what: the missing thing; fix: the command or variable that supplies it."""

    code = "missing"
    template = "{what} is missing: {fix}"


class WeightsError(CourseMateError):
    """Weights could not be had. name: catalogue name."""

    code = "weights"
    template = "The weights {name} could not be loaded: {detail}"


class HubUnreachable(WeightsError):
    """name, detail."""

    code = "hub_unreachable"
    template = (
        "The weights {name} could not be downloaded because no source answered ({detail}). "
        "Check the network and run `coursemate models pull {name}` again; what has arrived is kept."
    )


class HashMismatch(WeightsError):
    """name, file, expected, actual: SHA-256 in hex."""

    code = "hash_mismatch"
    template = (
        "{file} of {name} has SHA-256 {actual}, not {expected}, and was deleted. "
        "Run `coursemate models pull {name}` to fetch it again."
    )


class DownloadFailed(WeightsError):
    """name, detail."""

    code = "download_failed"
    template = (
        "The download of {name} stopped: {detail}. Run `coursemate models pull {name}`; it goes on where it stopped."
    )


DocumentReason = Literal[
    "encrypted", "broken", "empty", "no_text", "unsupported", "too_large", "unsafe", "not_found", "unreadable"
]


class DocumentError(CourseMateError):
    """One file that cannot be ingested. path: file name; reason: DocumentReason; detail: the specifics, in English."""

    code = "document"
    template = "{path}: {reason} ({detail})"
    ADVICE: ClassVar[dict[str, str]] = {
        "encrypted": "the file is encrypted; remove the password and add it again",
        "broken": "the file is damaged; open it in its own program, save it again and add that",
        "empty": "the file holds no text; check that it is the right one",
        "no_text": "the file has no text layer (scanned pages or fonts without a text map); add a version with real text",
        "unsupported": "the format or version is not supported; save it in one that is (see `coursemate doctor`)",
        "too_large": "the file is over the limit; split it or raise the limit in the settings",
        "unsafe": "the file was refused for safety; save it again in its own program",
        "not_found": "there is no such file; check the path",
        "unreadable": "the file could not be opened; check its permissions",
    }

    def __init__(self, path: str, reason: DocumentReason, detail: str = "") -> None:
        self.path, self.reason, self.detail = path, reason, detail
        self.params = {"path": path, "reason": reason, "detail": detail}
        advice = self.ADVICE[reason]
        Exception.__init__(self, f"{path}: {advice}" + (f" ({detail})" if detail else ""))


class StoreError(CourseMateError):
    """The collection's files. detail."""

    code = "store"


class StoreLocked(StoreError):
    """home: folder; pid: of the process that holds it, or 0."""

    code = "store_locked"
    template = "{home} is being written by another CourseMate (process {pid}). Wait for it or stop it, then try again."


class EmbedderChanged(StoreError):
    """collection, stored, current: embedder fingerprints."""

    code = "embedder_changed"
    template = (
        "The collection {collection} was embedded with {stored}, but {current} is set now. "
        "Run `coursemate reindex`, or set the old embedder again."
    )


class DiskFull(StoreError):
    """path; needed_mb."""

    code = "disk_full"
    template = (
        "The disk under {path} is full (about {needed_mb} MB more needed). Free some space and run the command again."
    )


class BackendError(CourseMateError):
    """backend: its name; detail."""

    code = "backend"
    template = "The backend {backend} failed: {detail}. Try again, or choose another backend."


class BackendUnreachable(BackendError):
    """backend, url, detail."""

    code = "backend_unreachable"
    template = "The backend {backend} at {url} does not answer ({detail}). Check the address and that its server runs."


class BackendTimeout(BackendError):
    """backend, timeout_s."""

    code = "backend_timeout"
    template = "The backend {backend} gave no answer within {timeout_s:g} s. Try again, or choose another backend."


class RateLimited(BackendError):
    """backend, detail."""

    code = "rate_limited"
    template = (
        "The backend {backend} refuses more requests for now ({detail}). Wait a minute, or choose another backend."
    )


class BackendRefusedKey(BackendError):
    """backend, variable: the environment variable that holds the key."""

    code = "backend_refused_key"
    template = "The backend {backend} did not accept the key. Check {variable}, or enter the key again in the settings."


class SafetyBlocked(BackendError):
    """backend, detail."""

    code = "safety_blocked"
    template = "The backend {backend} blocked the answer ({detail}). Ask in other words, or choose another backend."


class ContextTooLong(BackendError):
    """backend, detail."""

    code = "context_too_long"
    template = (
        "The prompt is too long for {backend} ({detail}). Choose the speed `fast`, or a model with a longer context."
    )
