"""The REST endpoints, one module per group of https://docs.github.com/en/rest."""
