"""Telling other servers of events."""
