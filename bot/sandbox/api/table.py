"""All routes. Order matters where a greedy path would swallow a longer one."""

from __future__ import annotations

from bot.sandbox.api import apps, checks, comments, history, issues, pulls, repos

ROUTES = (*apps.ROUTES, *comments.ROUTES, *history.ROUTES, *pulls.ROUTES, *issues.ROUTES, *checks.ROUTES, *repos.ROUTES)
