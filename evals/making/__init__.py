"""Makes questions from documents: from what is written and how it is set, without a model. See maker.py."""
