"""Summaries: the strategies (one a file, exporting STRATEGY) and the pieces that chains/summarize.py puts together."""
