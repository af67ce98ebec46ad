"""Formulas of Word and PowerPoint (OMML, ECMA-376 part 1 §22.1) as LaTeX, which models and readers both know."""

from __future__ import annotations

from lxml import etree

from ingest.loaders.elements import child, local, value

_NARY = {"∑": "\\sum", "∫": "\\int", "∏": "\\prod", "⋃": "\\bigcup", "⋂": "\\bigcap"}
_ACCENTS = {
    "\u0302": "\\hat",
    "\u0304": "\\bar",
    "\u0305": "\\bar",
    "\u20d7": "\\vec",
    "\u0303": "\\tilde",
    "\u0307": "\\dot",
}


def latex(formula: etree._Element) -> str:
    """An `m:oMath` element as `$…$`; "" for an empty one."""
    text = " ".join(_sequence(formula).split())
    return f"${text}$" if text else ""


def _sequence(element: etree._Element | None) -> str:
    return "".join(_term(item) for item in element) if element is not None else ""


def _part(element: etree._Element, name: str) -> str:
    return _sequence(child(element, name))


def _property(element: etree._Element, name: str) -> str:
    """`val` of a property: the child `name` of the first child that ends in Pr."""
    properties = next((item for item in element if local(item).endswith("Pr")), None)
    return value(child(properties, name)) if properties is not None else ""


def _term(element: etree._Element) -> str:
    kind = local(element)
    if kind == "t":
        return element.text or ""
    if kind.endswith("Pr"):
        return ""
    if kind == "d":
        inner = ", ".join(_sequence(item) for item in element if local(item) == "e")
        return (_property(element, "begChr") or "(") + inner + (_property(element, "endChr") or ")")
    if kind == "m":
        rows = (" & ".join(_sequence(cell) for cell in row) for row in element if local(row) == "mr")
        return "\\begin{matrix}" + " \\\\ ".join(rows) + "\\end{matrix}"
    return _scripted(element, kind) or _sequence(element)


def _scripted(element: etree._Element, kind: str) -> str:
    base = _part(element, "e")
    lower, upper = _part(element, "sub"), _part(element, "sup")
    if kind in ("sSup", "sSub", "sSubSup"):
        return base + (f"_{{{lower}}}" if lower else "") + (f"^{{{upper}}}" if upper else "")
    if kind == "nary":
        sign = _property(element, "chr") or "∫"
        return (
            f"{_NARY.get(sign, sign)}"
            + (f"_{{{lower}}}" if lower else "")
            + (f"^{{{upper}}}" if upper else "")
            + f" {base}"
        )
    if kind == "f":
        name = "\\binom" if _property(element, "type") == "noBar" else "\\frac"
        return f"{name}{{{_part(element, 'num')}}}{{{_part(element, 'den')}}}"
    if kind == "rad":
        degree = _part(element, "deg")
        return f"\\sqrt{f'[{degree}]' if degree else ''}{{{base}}}"
    if kind == "func":
        return f"{_part(element, 'fName')} {base}"
    if kind in ("limLow", "limUpp"):
        return f"{base}{'_' if kind == 'limLow' else '^'}{{{_part(element, 'lim')}}}"
    if kind == "acc":
        return _ACCENTS.get(_property(element, "chr"), "\\hat") + f"{{{base}}}"
    return f"\\bar{{{base}}}" if kind == "bar" else ""
