"""Seismic files as sections [trace, sample]: SEG-Y, miniSEED and npy, read and written in windows of bounded size."""
