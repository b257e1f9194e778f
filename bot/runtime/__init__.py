"""From a stored delivery to recorded effects."""

import bot.store.childless  # noqa: F401 - before anything imports the queue's library
