"""Lessons of the tab 파인튜닝: small experiments with a question asked first. None of them imports Gradio."""
