"""Damaged files: whatever happens to a file's bytes, only pages or a DocumentError come out."""

import io
import random
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.base import Limits
from ingest.loading import load_pages
from models.errors import DocumentError

pytestmark = pytest.mark.shared
ROUNDS = 6
VALUES = ("", "-1", "99999999999999", "글", "²", "0", "%1", "../../x", "9" * 5_000)


def cut_or_flip(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return data[: chance.randrange(len(data))]
    edited = bytearray(data)
    for _ in range(chance.randrange(1, 20)):
        place = chance.randrange(len(edited))
        kind = chance.random()
        if kind < 0.5:
            edited[place] = chance.randrange(256)
        elif kind < 0.7:
            edited[place : place + 4] = b"\xff\xff\xff\x7f"
        elif kind < 0.85 and len(edited) > 400:
            del edited[place : place + chance.randrange(1, 200)]
        else:
            edited[place:place] = edited[place : place + chance.randrange(1, 200)]
    return bytes(edited)


def confuse_xml(data: bytes, chance: random.Random) -> bytes:
    """Attributes with nonsense in them, elements gone or tripled: well-formed, so it gets past the parser."""
    text = data.decode("utf-8", errors="replace")
    for pattern in chance.choices((r'="[^"]*"', r"<[\w:]+[^<>]*/>"), k=6):
        if places := list(re.finditer(pattern, text)):
            place = chance.choice(places)
            new = f'="{chance.choice(VALUES)}"' if pattern[0] == "=" else place.group() * chance.choice((0, 3))
            text = text[: place.start()] + new + text[place.end() :]
    return text.encode()


def rezipped(data: bytes, chance: random.Random) -> bytes:
    """A container whose members are damaged but whose checksums are right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith((".xml", ".rels", ".hpf")) and chance.random() < 0.5:
                content = chance.choice((confuse_xml, confuse_xml, cut_or_flip))(content or b"x", chance)
            new.writestr(name, content)
    return out.getvalue()


def damaged(path: Path, rounds: int) -> Iterator[bytes]:
    chance = random.Random(path.name)
    data = path.read_bytes()
    for _ in range(rounds):
        yield cut_or_flip(data, chance)
        if path.suffix in (".docx", ".pptx", ".hwpx"):
            yield rezipped(data, chance)


@pytest.mark.parametrize("folder", ["docx", "hwp", "hwpx", "pdf", "pdf_edge", "pptx", "txt"])
def test_damage_ends_in_pages_or_a_reason(shared_data: Path, tmp_path: Path, folder: str):
    outcomes = set()
    for sample in sorted((shared_data / "docs" / folder).iterdir()):
        for data in damaged(sample, ROUNDS):
            path = tmp_path / f"damaged{sample.suffix}"
            path.write_bytes(data)
            try:
                pages = list(load_pages(path, Limits())[1])
            except DocumentError as error:
                outcomes.add(error.reason)
            else:
                assert pages and all(page.text.strip() for page in pages)
                outcomes.add("pages")
    assert outcomes
    assert outcomes <= {"pages", "broken", "encrypted", "unsafe", "empty", "no_text", "unsupported"}
