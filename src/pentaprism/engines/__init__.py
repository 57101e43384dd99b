"""Numerics: plain functions over arrays, without web and database."""
