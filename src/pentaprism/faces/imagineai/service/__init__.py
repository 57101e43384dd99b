"""What the imagineai face does, free of HTTP."""
