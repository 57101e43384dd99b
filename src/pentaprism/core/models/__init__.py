"""Model cards, weight files and loaded models."""
