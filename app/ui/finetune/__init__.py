"""The tab 파인튜닝: data, method, training, comparison, adapters and lessons, a module or two each."""
