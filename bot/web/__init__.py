"""The HTTP side: the webhook, health, metrics."""
