"""The parts of the tab 질문 세트: the list of sets, the questions of one, and what proves a question."""
