"""Pentaprism: self-hosted imaging AI, one platform with five public APIs."""
