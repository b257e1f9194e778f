"""PostgreSQL: what must survive the process."""
