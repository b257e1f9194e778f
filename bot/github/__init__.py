"""GitHub: App authentication, a client that mends gidgethub's traps, the facts reader and the executor."""
