"""One contract through real model servers: `python -m tests.endpoints`."""
