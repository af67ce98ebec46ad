"""Searches for the settings that answer a question set best, and says honestly what they gain on documents not searched on.

space.py      what can be set, and a bounded grid of it
evidence.py   what a setting brings before the model, and how long that takes to read: needs no language model
search.py     coordinate search, cross-validated by document; the trade-off between quality and first token
answers.py    prompt technique and refusal threshold, with a model's drafts kept on disk
outcome.py    all of it as text, JSON and the settings file that the app takes
"""
