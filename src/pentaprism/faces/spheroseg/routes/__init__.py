"""The face's routes, a module per resource; each has ``router(context)``."""
