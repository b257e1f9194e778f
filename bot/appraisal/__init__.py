"""How well the assistant would have done on a repository's own closed issues, before it acts there."""
