"""Fine-tuning bench: data -> method -> run -> adapter, on a processor or one GPU. Imports `models` only."""
