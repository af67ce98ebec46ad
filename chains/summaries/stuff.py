"""Stuff: everything into one prompt. The best there is while the text fits; of a longer one the model reads a selection."""

from __future__ import annotations

from chains.summaries.base import Material, Shape, Step


class Stuff:
    """See the module."""

    name = "stuff"

    def steps(self, material: Material, shape: Shape) -> list[Step]:
        return [Step(span=(0, len(material.lines)), final=True)]


STRATEGY = Stuff()
