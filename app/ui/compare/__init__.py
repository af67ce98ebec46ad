"""The parts of the tab 비교: side by side, the prompt lab, batches and the ranking."""
