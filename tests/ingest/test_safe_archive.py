"""Zip and XML traps that no single format owns."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from ingest.base import Limits
from ingest.safe_archive import ENTRIES, SafeArchive, member_names, parse_xml
from models.errors import DocumentError


def written(tmp_path: Path, members: dict[str, bytes], edit: bytes = b"") -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    path = tmp_path / "a.docx"
    path.write_bytes(out.getvalue() + edit)
    return path


def reason(path: Path, limits: Limits | None = None, member: str = "") -> str:
    with pytest.raises(DocumentError) as error, SafeArchive(path, limits or Limits()) as archive:
        archive.read(member)
    return error.value.reason


def test_too_many_members(tmp_path: Path):
    assert reason(written(tmp_path, {f"{i}": b"" for i in range(ENTRIES + 1)})) == "unsafe"


def test_directory_too_large_to_list(tmp_path: Path):
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 60_000, 60_000, 3_000_000_000, 0, 0)
    path = written(tmp_path, {"a": b"x"}, edit=end)
    assert member_names(path) == frozenset()
    assert reason(path) == "unsafe"


def test_ratio_is_the_limits(tmp_path: Path):
    path = written(tmp_path, {"a": bytes(30_000_000)})
    assert reason(path, Limits(unpack_ratio=100)) == "unsafe"
    with SafeArchive(path, Limits(unpack_ratio=5_000)) as archive:
        assert len(archive.read("a")) == 30_000_000


def test_member_that_lies_about_its_size(tmp_path: Path):
    path = written(tmp_path, {"a": bytes(1_000_000)})
    data = path.read_bytes().replace(struct.pack("<L", 1_000_000), struct.pack("<L", 10))
    path.write_bytes(data)
    assert reason(path, member="a") == "broken"


def test_missing_and_protected_members(tmp_path: Path):
    path = written(tmp_path, {"a": b"x"})
    assert reason(path, member="b") == "broken"
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    assert reason(path, member="a") == "encrypted"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_document_types_are_refused(encoding: str):
    with pytest.raises(DocumentError) as error:
        parse_xml('<!DOCTYPE a [<!ENTITY b SYSTEM "http://x/">]><a>&b;</a>'.encode(encoding), "a.docx", "a.xml")
    assert error.value.reason == "unsafe"


def test_undeclared_entity_is_broken():
    with pytest.raises(DocumentError) as error:
        parse_xml(b"<a>&unknown;</a>", "a.docx", "a.xml")
    assert error.value.reason == "broken"
