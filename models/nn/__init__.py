"""The course's networks, one a file, with the shape of every tensor in a comment. Importing one imports torch."""
