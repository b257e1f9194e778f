"""Looks at everything that the assistant needs, part by part, and says what to do about what is wrong."""
