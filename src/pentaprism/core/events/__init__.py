"""Events: what happened, told after the commit to whoever listens."""
