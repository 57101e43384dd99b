"""Durable jobs: the row is the job, a message is only a doorbell."""
