"""Prefect flows: when things run, in which order, with which parameters. No arithmetic."""
