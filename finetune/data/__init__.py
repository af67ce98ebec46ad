"""What a model is trained on: facts into examples, own files, the split, the datasets of a home. See facts.py and store.py."""
