"""Engines that run beside us: processes that hold a model's weights and answer over loopback."""
