"""The five public APIs."""
