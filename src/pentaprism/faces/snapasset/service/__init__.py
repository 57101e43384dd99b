"""What the snapasset face does, free of HTTP."""
