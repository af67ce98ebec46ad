"""Names the formats that are recognised but not read, so that the message can say what a file really is."""

from __future__ import annotations

from pathlib import Path

from ingest.safe_archive import ZIP_MAGIC, member_names
from ingest.safe_ole import OLE_MAGIC, stream_names

MAGIC = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a RIFF file (WebP, WAV or AVI)"),
    (b"HWP Document File V3", "HWP 3; save it as HWP 5 or HWPX"),
    (b"{\\rtf", "RTF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an MP3 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"GGUF", "model weights (GGUF)"),
    (b"%!PS", "PostScript"),
)
OLE_KINDS = (
    ("WordDocument", "Word 97; save it as docx"),
    ("PowerPoint Document", "PowerPoint 97; save it as pptx"),
    ("Workbook", "Excel 97"),
    ("Book", "Excel 95"),
)
ZIP_KINDS = (("xl/", "an Excel workbook"), ("META-INF/container.xml", "an EPUB book"), ("content.xml", "OpenDocument"))


def describe(head: bytes, path: Path) -> str:
    """What a foreign file is, in words for the error's detail; "" where it is nothing known.

    A zip or OLE container whose members cannot be listed is "" too: it is not foreign but broken.
    """
    for magic, name in MAGIC:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "a video or audio file"
    if b"<HWPML" in head[:2048]:
        return "HWPML; save it as HWP 5 or HWPX"
    if head.startswith(OLE_MAGIC):
        names = stream_names(path)
        return next((kind for stream, kind in OLE_KINDS if stream in names), "")
    return _zip_kind(path) if head.startswith(ZIP_MAGIC) else ""


def is_encrypted_office(head: bytes, path: Path) -> bool:
    """Whether a file is a Word, PowerPoint or Excel file behind a password: an OLE container around the real package."""
    return head.startswith(OLE_MAGIC) and "EncryptedPackage" in stream_names(path)


def _zip_kind(path: Path) -> str:
    names = member_names(path)
    kinds = (kind for prefix, kind in ZIP_KINDS if any(name.startswith(prefix) for name in names))
    return next(kinds, "a zip archive" if names else "")
