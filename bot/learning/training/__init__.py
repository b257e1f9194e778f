"""Fits what the rest of `bot.learning` predicts with. The service never imports it: it runs in a process of its own."""
