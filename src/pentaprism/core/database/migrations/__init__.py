"""The history of the tables, one script a release, each after the one before it."""
