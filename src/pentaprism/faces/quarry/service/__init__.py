"""What the quarry face does, free of HTTP."""
