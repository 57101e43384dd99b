"""The scripts, named ``<number>_<what>.py``; the number is the revision."""
