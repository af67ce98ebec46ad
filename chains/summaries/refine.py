"""Refine: the summary so far is read again with each next part and rewritten. Keeps the thread, but a small model drifts."""

from __future__ import annotations

from dataclasses import replace

from chains.summaries.base import Material, Shape, Step
from chains.summaries.grouping import of_equal_length


class Refine:
    """See the module."""

    name = "refine"

    def steps(self, material: Material, shape: Shape) -> list[Step]:
        parts = of_equal_length(material, shape)
        steps = [replace(step, inputs=(i - 1,) if i else ()) for i, step in enumerate(parts)]
        return [*steps[:-1], replace(steps[-1], final=True)]


STRATEGY = Refine()
