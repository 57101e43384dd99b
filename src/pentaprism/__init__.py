"""Pentaprism: self-hosted imaging AI. Pictures in, measured objects out."""

from importlib.metadata import version

__version__ = version("pentaprism")
