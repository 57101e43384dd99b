"""The embedded pool of worker processes."""
