"""Elements and attributes of office files by their local names, and numbers that may be nonsense."""

from __future__ import annotations

from lxml import etree


def local(element: etree._Element) -> str:
    """Tag without its namespace, so that transitional and strict files read alike; "" for what is not an element."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: etree._Element, name: str) -> etree._Element | None:
    """First child of that local name."""
    return next((item for item in element if local(item) == name), None)


def value(element: etree._Element | None, name: str = "val") -> str:
    """An attribute by its local name, "" where it is absent."""
    if element is None:
        return ""
    return next((text for key, text in element.items() if key.rpartition("}")[2] == name), "")


def number(text: str) -> int:
    """A whole number as files write it; 0 for anything else and for what no document needs (over nine digits)."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0
