"""Names of the models. Apart from the rest, so that a server can name them without loading anything."""

MODELS = ("auto", "spheroid", "nuclei", "classical")
