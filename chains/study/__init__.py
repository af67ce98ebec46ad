"""Study aids from documents: quiz, flashcards, glossary and a weekly guide, each item with its source sentence. See maker.py."""
