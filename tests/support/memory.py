"""Budgets, answers and what was learned of endpoints in memory, in the place of the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.domain.plan import ModelAnswer
from bot.domain.ports import Learned


@dataclass(slots=True)
class Memory:
    """Fits `domain.ports.Spending`, `Knowledge` and, where it `repeats` answers, `Answers`."""

    used: dict[str, int] = field(default_factory=dict)
    known: dict[str, Learned] = field(default_factory=dict)
    answers: dict[str, ModelAnswer] = field(default_factory=dict)
    repeats: bool = False

    async def spend(self, scope: str, amount: int, limit: int) -> bool:
        if self.used.get(scope, 0) + amount > limit:
            return False
        self.used[scope] = self.used.get(scope, 0) + amount
        return True

    async def spent(self, scope: str) -> int:
        return self.used.get(scope, 0)

    async def recall(self, endpoint: str) -> Learned:
        return self.known.get(endpoint, Learned())

    async def learn(self, endpoint: str, learned: Learned) -> None:
        old = self.known.get(endpoint, Learned())
        self.known[endpoint] = Learned(
            learned.level or old.level,
            learned.context or old.context,
            learned.chars_per_token or old.chars_per_token,
            learned.quirks,
        )

    async def find(self, keys: Sequence[str]) -> ModelAnswer | None:
        found = next((self.answers[key] for key in keys if key in self.answers), None)
        return replace(found, tokens=0, cached=True) if found and self.repeats else None

    async def keep(self, key: str, scope: str, answer: ModelAnswer) -> None:
        self.answers.setdefault(key, answer)
