"""The embedded engine: a tree of regions led by colour and edges."""
