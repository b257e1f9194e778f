"""The page for people: watch the assistant work, and act as anybody."""
