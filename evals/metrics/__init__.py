"""One metric a file, each with METRIC; `evals.suite.suite` gives them all."""
