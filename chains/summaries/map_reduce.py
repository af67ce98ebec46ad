"""Map-reduce: parts of equal length are summarised each by itself, then their summaries together."""

from __future__ import annotations

from chains.summaries.base import Material, Shape, Step
from chains.summaries.grouping import merged, of_equal_length


class MapReduce:
    """See the module."""

    name = "map_reduce"

    def steps(self, material: Material, shape: Shape) -> list[Step]:
        return merged(of_equal_length(material, shape), shape)


STRATEGY = MapReduce()
