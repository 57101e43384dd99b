"""SEG-Y, revisions 0, 1 and 2 (SEG Technical Standards Committee, 1975, 2002, 2017)."""
