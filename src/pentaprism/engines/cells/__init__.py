"""Segmentation and measurement of cells, nuclei and spheroids."""
