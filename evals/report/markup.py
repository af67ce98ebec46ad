"""HTML as strings, with everything that documents, models and questions say escaped on the way in."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


class Markup(str):
    """Text that is HTML already; `element` escapes everything else."""

    __slots__ = ()


Content = str | Iterable[str]


def element(name: str, /, *content: Content, **attributes: object) -> Markup:
    """`<name …>content</name>`. Attributes: `class_` for class, `_` for `-`, None and False left out, True bare."""
    inside = "".join(escape(part) for part in _flat(content))
    return Markup(f"<{name}{_attributes(attributes)}>{inside}</{name}>")


def empty(name: str, /, **attributes: object) -> Markup:
    """An element without content: `<name …/>`."""
    return Markup(f"<{name}{_attributes(attributes)}/>")


def escape(text: str) -> str:
    """As it is if it is Markup, escaped if it is not; control characters go."""
    if isinstance(text, Markup):
        return text
    return html.escape("".join(c for c in text if c >= " " or c in "\n\t"))


def join(parts: Iterable[str]) -> Markup:
    """Several pieces as one."""
    return Markup("".join(escape(part) for part in parts))


def table(head: Sequence[Content], rows: Iterable[Sequence[Content]], **attributes: object) -> Markup:
    """The first cell of each row is its header."""
    top = element("thead", element("tr", *(element("th", cell, scope="col") for cell in head)))
    body = [
        element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    return element("div", element("table", top, element("tbody", *body), **attributes), class_="scroll")


def _flat(content: Iterable[Content]) -> Iterable[str]:
    for part in content:
        if isinstance(part, str):
            yield part
        else:
            yield from part


def _attributes(attributes: dict[str, object]) -> str:
    return "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
