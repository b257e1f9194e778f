"""A self-hosted assistant for contributions to open-source projects."""

__version__ = "0.1.0"
