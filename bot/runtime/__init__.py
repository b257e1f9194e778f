"""From a stored delivery to recorded effects."""
