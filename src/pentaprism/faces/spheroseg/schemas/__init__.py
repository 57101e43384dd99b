"""Bodies of the face's requests and answers."""
