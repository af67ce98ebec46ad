"""Texts of others that may be trained on: JSON Lines, gzipped or not, each row with its licence. None of them is shipped.

    {"id": "repo:guide.md", "license": "Apache-2.0", "title": "…", "text": "…", "path": "guide.md"}

A row whose licence is not in licences.toml is refused by name, and with it the file: nothing is trained on by oversight.
"""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from models.errors import InputError

MOST_BYTES = 500_000_000  # unpacked
_MARKUP_LINE = re.compile(r"^[ \t]*(?::\w+:|\.\. |<[^>\n]*>[ \t]*$|\[\[|import |from \S+ import|%|!|!\[).*$", re.M)
_FRONT_MATTER = re.compile(r"\A---\n(?:[^\n]*\n){1,40}?---\n")
_FENCE = re.compile(r"^[ \t]*(```|~~~).*?^[ \t]*\1[ \t]*$", re.M | re.S)
_UNDERLINED = re.compile(r"^(\S[^\n]{1,80})\n(=|-|~|\^|\"|\*|#)\2{3,}[ \t]*$", re.M)
_ROLE = re.compile(r":[\w:]+:`([^`<]+)(?:<[^`>]*>)?`|`([^`<\n]+?)\s*<[^`>\n]+>`__?|``([^`\n]+)``")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_ANCHOR = re.compile(r"\[\[[^\]\n]*\]\]|<[^<>\n]{1,200}>|\{[#%][^}\n]*\}")
_DIRECTIVE = re.compile(r"^\.\. [^\n]*\n(?:[ \t]*\n|[ \t]+\S[^\n]*\n)*", re.M)


@dataclass(frozen=True, slots=True)
class LicensedText:
    """id: unique in its file. licence: SPDX, as the row has it. text: prose, with headings as Markdown."""

    id: str
    licence: str
    title: str
    text: str


def read_licensed(path: Path) -> list[LicensedText]:
    """Rows in order, their text as prose. Raises InputError naming the file, and the row where one is to blame."""
    texts: dict[str, LicensedText] = {}
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        row = _row(path, number, line)
        if not is_allowed(row["license"]):
            raise _wrong(path, number, "licence", f"its licence {row['license']!r} does not allow it", row["license"])
        if row["id"] in texts:
            raise _wrong(path, number, "twice", f"the id {row['id']!r} has stood before", row["id"])
        text = prose(row["text"], str(row.get("path", "")))
        texts[row["id"]] = LicensedText(row["id"], row["license"].strip(), _title(row), text)
    if not texts:
        detail = f"{path.name} holds no text; give a JSON Lines file with id, license, title and text"
        raise InputError(detail=detail, text_key="dataset.licensed_empty", path=path.name)
    return list(texts.values())


def _title(row: dict[str, Any]) -> str:
    """Without marks; the first heading, or the id's end, for what is no title, as a script's coding line."""
    title = prose(str(row.get("title") or "")).lstrip("# ").split("\n")[0].strip()
    if title and not title.startswith("-*-"):
        return title
    heading = re.search(r"^#{1,3} +(\S.*)$", prose(row["text"], str(row.get("path", ""))), re.M)
    return heading[1].strip() if heading else re.split(r"[/:]", row["id"])[-1]


def is_allowed(licence: str) -> bool:
    """Whether every licence named, as in "CC-BY-4.0 text / MIT code", is in licences.toml."""
    allowed, same = _licences()
    names = [re.sub(r"\s+(?:text|code)$", "", part.strip()) for part in re.split(r"\s*/\s*|\s+AND\s+", licence)]
    return bool(licence.strip()) and all(same.get(name.lower(), name.lower()) in allowed for name in names)


@cache
def _licences() -> tuple[frozenset[str], dict[str, str]]:
    with Path(__file__).with_name("licences.toml").open("rb") as file:
        table = tomllib.load(file)
    same = {name.lower(): spdx.lower() for name, spdx in table["same"].items()}
    return frozenset(name.lower() for name in table["allowed"]), same


def prose(text: str, path: str = "") -> str:
    """What of a tutorial is to be read: without code, images, anchors and the marks of its format; headings as Markdown's."""
    if path.endswith(".py"):
        text = "\n".join(_comments(text))
    if path.endswith((".py", ".rst")):
        text = _DIRECTIVE.sub("\n", _UNDERLINED.sub(r"\n## \1\n", text))
    text = _FENCE.sub("\n", _FRONT_MATTER.sub("", text))
    text = _ROLE.sub(lambda found: next(part for part in found.groups() if part).strip(), text)
    text = _LINK.sub(lambda found: "" if found[0].startswith("!") else found[1], text)
    text = _MARKUP_LINE.sub("", _ANCHOR.sub("", text))
    text = re.sub(r"^[ \t]*>[ \t]?", "", text, flags=re.M)  # a quotation's text is text
    return re.sub(r"\s*\n\s*\n\s*", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.M)).strip()


def _comments(source: str) -> Iterator[str]:
    """The docstring at the top and the blocks of comments of a tutorial written as a Python script."""
    before, quotes, rest = source.partition('"""')
    if quotes and all(line.startswith("#") or line.strip() in {"", "r"} for line in before.split("\n")):
        docstring, _, source = rest.partition('"""')
        yield docstring
    for line in source.split("\n"):
        if re.match(r"#{20,}", line):
            yield ""
        elif line.startswith("#"):
            yield line.lstrip("#").removeprefix(" ")
        else:
            yield ""


def _lines(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            detail = f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB unpacked; split it"
            raise InputError(detail=detail, text_key="dataset.too_large", path=path.name, mb=MOST_BYTES // 1_000_000)
        yield from content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        detail = f"{path.name} is not UTF-8 text; save it as UTF-8"
        raise InputError(detail=detail, text_key="dataset.not_utf8", path=path.name) from None
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or str(error)
        detail = f"{path} cannot be read ({why}); check the path"
        raise InputError(detail=detail, text_key="dataset.unreadable", path=str(path), why=why) from None


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise _wrong(path, number, "not_json", "it is not JSON") from None
    if not isinstance(row, dict):
        raise _wrong(path, number, "not_json", "it is no object with fields")
    for name in ("id", "license", "text"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise _wrong(path, number, "field", f"`{name}` is missing or no text", name)
    return row


def _wrong(path: Path, row: int, key: str, why: str, value: str = "") -> InputError:
    detail = f"{path.name}, row {row}: {why}; take the row out or correct it"
    return InputError(detail=detail, text_key=f"dataset.licensed_{key}", path=path.name, row=row, value=value[:80])
