"""HWP 5: records, tables, numbering and protection, on records written here and on the samples' own containers."""

import shutil
import struct
import zlib
from pathlib import Path

import olefile
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ingest.base import Limits
from ingest.loaders import hwp_records as hwp
from ingest.loaders.hwp_text import Section, read_outline
from ingest.loaders.markdown import Heading
from ingest.loading import load_pages
from models.errors import DocumentError

LIMITS = Limits()


def record(tag: int, level: int, data: bytes = b"") -> bytes:
    size = len(data)
    if size < hwp.LONG_RECORD:
        return struct.pack("<I", tag | level << 10 | size << 20) + data
    return struct.pack("<II", tag | level << 10 | hwp.LONG_RECORD << 20, size) + data


def paragraph(text: str | bytes, level: int = 0, shape: int = 0, controls: bytes = b"") -> bytes:
    data = text.encode("utf-16-le") if isinstance(text, str) else text
    head = struct.pack("<IIHBB", len(data) // 2, 0, shape, 0, 0)
    return record(hwp.PARA_HEADER, level, head) + record(hwp.PARA_TEXT, level + 1, data + b"\r\0") + controls


def extended(code: int) -> bytes:
    return struct.pack("<H12xH", code, code)


def control(kind: str, level: int, data: bytes = b"") -> bytes:
    return record(hwp.CTRL_HEADER, level, kind.encode()[::-1] + data)


def cell(row: int, column: int, text: str, rows: int = 1, columns: int = 1) -> bytes:
    head = struct.pack("<IIHHHH", 1, 0, column, row, columns, rows)
    return record(hwp.LIST_HEADER, 2, head) + paragraph(text, 2)


def read_section(body: bytes, information: bytes = b"") -> list[Heading | str]:
    return list(Section(read_outline(hwp.read_tree(information))).items(hwp.read_tree(body)))


def test_table_with_caption_and_merged_cells():
    table = control("tbl ", 1) + paragraph("표의 제목", 2) + record(hwp.TABLE, 2, bytes(8))
    table += cell(0, 0, "이름", columns=1) + cell(0, 1, "값", columns=2) + cell(1, 0, "합친", rows=2)
    table += cell(1, 1, "1") + cell(1, 2, "2") + cell(2, 1, "3|x") + cell(2, 2, "4")
    body = paragraph("앞".encode("utf-16-le") + extended(11) + "뒤".encode("utf-16-le"), controls=table)
    text, caption, markdown = read_section(body)
    assert (text, caption) == ("앞뒤\n", "표의 제목\n")
    assert markdown.strip().split("\n")[2:] == ["| 합친 | 1 | 2 |", "| 합친 | 3\\|x | 4 |"]


def test_notes_formulas_and_signs_stand_in_place():
    note = control("fn  ", 1, struct.pack("<I", 3)) + record(hwp.LIST_HEADER, 2, bytes(8)) + paragraph("각주 글", 2)
    formula = control("eqed", 1) + record(hwp.EQUATION, 2, struct.pack("<IH", 0, 6) + "a over".encode("utf-16-le"))
    text = (
        "가".encode("utf-16-le")
        + struct.pack("<H14x", 9)
        + extended(17)
        + extended(11)
        + b"\n\0"
        + "나".encode("utf-16-le")
    )
    assert read_section(paragraph(text, controls=note + formula)) == ["가\t[^3]$a over$\n나\n", "[^3]: 각주 글\n"]


def test_outline_levels_become_numbered_headings():
    level = struct.pack("<IHHI", 0, 0, 0, 0)
    forms = b"".join(level + struct.pack("<H", len(form)) + form.encode("utf-16-le") for form in ("제^1장", "^1.^2"))
    information = record(hwp.NUMBERING, 0, forms)
    for depth in (0, 1):
        information += record(hwp.PARA_SHAPE, 0, struct.pack("<I26xH", 1 << 23 | depth << 25, 0))
    body = (
        paragraph("총칙", shape=0)
        + paragraph("목적", shape=1)
        + paragraph("정의", shape=1)
        + paragraph("벌칙", shape=0)
    )
    assert read_section(body, information) == [
        Heading(1, "제1장 총칙"),
        Heading(2, "1.1 목적"),
        Heading(2, "1.2 정의"),
        Heading(1, "제2장 벌칙"),
    ]


def test_long_records_and_hostile_levels():
    long = "긴 글 " * 5_000
    assert read_section(paragraph(long)) == [long.strip() + "\n"]
    deep = b"".join(record(hwp.PARA_HEADER, level, bytes(12)) for level in range(1023))
    assert read_section(deep) == []
    with pytest.raises(hwp.HwpFormatError):
        hwp.read_tree(record(hwp.PARA_TEXT, 0, b"abc")[:-1])


def test_streams_unpack_within_the_limits():
    deflate = zlib.compressobj(wbits=-15)
    bomb = deflate.compress(bytes(100_000_000)) + deflate.flush()
    with pytest.raises(hwp.HwpFormatError) as error:
        hwp.unpack(bomb, LIMITS)
    assert error.value.unsafe
    with pytest.raises(hwp.HwpFormatError):
        hwp.unpack(bomb[:100], LIMITS)


def test_distribution_document_is_decrypted():
    plain, seed = b"sixteen bytes ok" * 4, 0x1234567
    key = bytes(range(16))
    block = bytearray(256)
    block[:4] = struct.pack("<I", seed)
    start = 4 + (seed & 0xF)
    block[start : start + 16] = key
    masked = hwp._unmask(bytes(block))  # the mask is its own inverse
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    stream = record(hwp.DISTRIBUTION, 0, masked) + cipher.update(plain)
    assert hwp.decrypt_distribution(stream) == plain
    with pytest.raises(hwp.HwpFormatError):
        hwp.decrypt_distribution(b"\0" * 300)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("place", "byte", "expected"),
    [
        (36, 0x03, "encrypted"),
        (36, 0x11, "encrypted"),
        (37, 0x01, "encrypted"),
        (35, 6, "unsupported"),
        (0, 0x58, "broken"),
        (36, 0, "broken"),
    ],
)
def test_header_tells_protection_and_version(shared_data: Path, tmp_path: Path, place: int, byte: int, expected: str):
    path = tmp_path / "a.hwp"
    shutil.copyfile(shared_data / "docs/hwp/hwp-rs_hello_world.hwp", path)
    with olefile.OleFileIO(path, write_mode=True) as ole:
        with ole.openstream("FileHeader") as stream:
            header = bytearray(stream.read())
        header[place] = byte
        ole.write_stream("FileHeader", bytes(header))
    with pytest.raises(DocumentError) as error:
        list(load_pages(path, LIMITS)[1])
    assert error.value.reason == expected
