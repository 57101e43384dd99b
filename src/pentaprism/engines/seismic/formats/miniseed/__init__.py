"""miniSEED of the versions 2 (SEED Reference Manual 2.4, chapter 8) and 3 (FDSN, 2021)."""
