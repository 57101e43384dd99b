"""What the promethium face does, free of HTTP."""
