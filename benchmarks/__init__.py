"""Measurements; each prints the ratio of what it compares from the same run."""
