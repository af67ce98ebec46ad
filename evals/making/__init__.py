"""Makes question sets of what documents give to ask (chains/making), without a model. See maker.py."""
