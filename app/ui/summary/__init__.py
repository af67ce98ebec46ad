"""The tab 요약: what is chosen, the plan, the summary as it comes about, its sources and the file to take away."""
