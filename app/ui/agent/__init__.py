"""The tab 에이전트: a task with every step it takes, and what its answer rests on."""
