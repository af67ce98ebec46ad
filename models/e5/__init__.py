"""multilingual-e5-small without a hub: reads the published 4-bit weights, builds the graph that runs, checks the result."""
