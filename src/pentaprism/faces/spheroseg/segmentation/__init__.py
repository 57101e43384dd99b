"""Segmentation of images: parameters, runs, versions, edits, the queue, and their documents."""
