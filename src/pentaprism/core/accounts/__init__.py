"""Accounts, passwords, sessions, tokens, API keys."""
