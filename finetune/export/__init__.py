"""What an adapter is turned into, so that others can use it."""
