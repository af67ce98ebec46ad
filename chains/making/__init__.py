"""What documents' sentences and structure give to ask about, with its proof, without a model. See extract.py."""
