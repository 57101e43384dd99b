"""Segment Anything networks: official checkpoints, read and run without PyTorch."""
