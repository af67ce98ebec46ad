"""Hierarchical: along the tree of headings. Sections are summarised, then what stands under one heading, up to the whole.

Headings say what belongs together, so a part is never cut in the middle of an argument. Small neighbours under one heading
share a call; where there are more sections than calls, the tree is read less deeply.
"""

from __future__ import annotations

from chains.summaries.base import Material, Shape, Step
from chains.summaries.grouping import by_headings, merged


class Hierarchical:
    """See the module."""

    name = "hierarchical"

    def steps(self, material: Material, shape: Shape) -> list[Step]:
        return merged(by_headings(material, shape), shape)


STRATEGY = Hierarchical()
