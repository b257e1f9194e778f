"""PostgreSQL: what must survive the process."""

import bot.store.childless  # noqa: F401 - before anything imports the queue's library
