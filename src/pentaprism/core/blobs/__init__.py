"""Stored bytes: the store port, its local implementation, staged uploads and garbage collection."""
