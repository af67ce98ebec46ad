"""The parts of the tab 학습: what is made, the set in the middle, and the source of an item."""
