"""Bytes of a text file -> text: UTF-8, UTF-16, UTF-32 and the Korean CP949 / EUC-KR, found by content.

A wrong guess turns a whole document into noise, so each candidate is judged by what it yields: the share of characters
that cannot be decoded, and whether the result looks like Korean.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 256 * 1024
HARM = 0.03  # share of undecodable characters (of the non-ASCII ones) that a slightly damaged file may have
_HANGUL = re.compile(r"[가-힣]")
_HANJA = re.compile(r"[\u4e00-\u9fff]")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_READABLE = re.compile(r"[\t\n\r\x20-\x7e\u00a0-\u024f\u2010-\u2027\u3000-\u303f가-힣\u3131-\u318e\uff01-\uff5e]")
_CONTROL_BYTES = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")


def is_text(head: bytes) -> bool:
    """Whether bytes look like text in any encoding read here: hardly a control byte, or UTF-16/32."""
    if not head or head.startswith(tuple(bom for bom, _ in BOMS)):
        return True
    if len(_CONTROL_BYTES.findall(head)) <= len(head) * 0.02:
        return detect_encoding(head) is not None
    return _guess_utf16(head) is not None


def detect_encoding(data: bytes) -> str | None:
    """Python's codec name for `data`, or None where none of the known encodings gives readable text."""
    for bom, encoding in BOMS:
        if data.startswith(bom):
            return encoding
    sample = data[:SAMPLE_BYTES]
    wide = _guess_utf16(sample) if b"\0" in sample else None
    return wide or _guess_multibyte(sample) or _guess_other(sample)


def decode(data: bytes) -> str:
    """The text of `data`, universal newlines; undecodable bytes become U+FFFD. Raises ValueError for an unknown encoding."""
    encoding = detect_encoding(data)
    if encoding is None:
        raise ValueError("its text encoding is none of UTF-8, UTF-16, CP949 or EUC-KR")
    text = data.decode(encoding, errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _guess_utf16(sample: bytes) -> str | None:
    """UTF-16 without a byte order mark: one of the two byte orders reads well, the other does not."""
    sample = sample[: len(sample) // 2 * 2]
    shares = {}
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, errors="replace")
        shares[encoding] = len(_READABLE.findall(text)) / max(len(text), 1)
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] > 0.95 and min(shares.values()) < 0.8 else None


def _guess_multibyte(sample: bytes) -> str | None:
    """UTF-8 or CP949, whichever decodes (nearly) without loss; the last character may be cut."""
    for encoding in ("utf-8", "cp949"):
        text = sample.decode(encoding, errors="replace").removesuffix("\ufffd")
        foreign = len(_NON_ASCII.findall(text))
        if text.count("\ufffd") > foreign * HARM:
            continue
        hangul, hanja = len(_HANGUL.findall(text)), len(_HANJA.findall(text))
        if encoding == "utf-8" or (hangul >= foreign * 0.5 and hanja <= hangul * 0.3):
            return encoding
    return None


def _guess_other(sample: bytes) -> str | None:
    """Any other legacy encoding, by statistics."""
    best = from_bytes(sample[: SAMPLE_BYTES // 8]).best()
    return best.encoding if best else None
