"""Budgets and learned levels in memory, in the place of the database."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Memory:
    """Fits `domain.ports.Spending` and `domain.ports.Levels`."""

    used: dict[str, int] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)

    async def spend(self, scope: str, amount: int, limit: int) -> bool:
        if self.used.get(scope, 0) + amount > limit:
            return False
        self.used[scope] = self.used.get(scope, 0) + amount
        return True

    async def spent(self, scope: str) -> int:
        return self.used.get(scope, 0)

    async def load_level(self, endpoint: str) -> str | None:
        return self.levels.get(endpoint)

    async def save_level(self, endpoint: str, level: str) -> None:
        self.levels[endpoint] = level
