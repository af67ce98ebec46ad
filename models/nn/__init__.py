"""Networks of our own, one a file. PyTorch is imported when one is used."""
