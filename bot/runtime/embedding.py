"""Dense vectors from an endpoint, where one is configured and pgvector is there to keep them; else there are none."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.ports import Embedder, Pay, Spending
from bot.endpoints import Endpoint
from bot.learning.anatomy import dense_text
from bot.learning.likeness import Dense
from bot.learning.stored import FetchedIndex, pack_numbers
from bot.llm.messages import NO_VECTOR_MONEY, NO_VECTOR_TOKENS
from bot.llm.purse import Purse, embedded_of, money_of
from bot.store.embeddings import Embeddings, Unembedded
from bot.store.profiles import Text, item_number

BATCH: Final = 32
PATIENCE: Final = 5.0
"""Seconds for which an event waits for a vector."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a repository may use of the endpoint in a day: as many tokens as of its model, counted apart, and what is
    left of its money, in millionths; None for no limit."""

    spending: Spending
    endpoint: Endpoint
    tokens_per_day: int
    money_per_day: int | None = None

    async def objection(self, repository: int) -> str:
        """Why nothing may be embedded now, for /why; empty where something may."""
        scope = str(repository)
        # guard: embedding-budgets (25)
        if await self.spending.spent(embedded_of(scope)) >= self.tokens_per_day:
            return NO_VECTOR_TOKENS
        limit = self.money_per_day if self.endpoint.price_in else None
        # guard: embedding-money (25)
        if limit is not None and await self.spending.spent(money_of(scope)) >= limit:
            return NO_VECTOR_MONEY
        return ""

    def pay(self, repository: int) -> Pay:
        """What counts the tokens of one request, and their price."""
        scope = str(repository)
        purse = Purse(self.spending, self.endpoint, scope, embedded_of(scope))
        return lambda tokens: purse.pay(tokens, 0)


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors, one for each text or none at all; `objection` is why none were asked for, where a budget is used up."""

    vectors: Sequence[Dense] = ()
    objection: str = ""

    @property
    def first(self) -> Dense:
        return self.vectors[0] if self.vectors else ()


_NONE: Final = Embedded()


class Embedding:
    """Without an embedder it has nothing to say and to keep. `detail` tells how the embedder is."""

    def __init__(
        self, embedder: Embedder | None, kept: Embeddings, model: str, detail: Callable[[], str] | None = None,
        budget: Budget | None = None,
    ) -> None:  # fmt: skip
        self._embedder = embedder
        self._detail = detail
        self._budget = budget
        self._kept = kept
        self._model = model
        self._stuck = 0

    def details(self) -> tuple[str, ...]:
        """A line for /readyz, where there is something to tell."""
        return (self._detail(),) if self._detail else ()

    async def of_text(self, repository: int, text: Text, *, private: bool) -> Embedded:
        """The vector of one text; none where there is none to have soon: an event waits for it."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._embed(repository, [text], private=private)
        except TimeoutError:
            return _NONE

    async def dress(self, repository: int, index: FetchedIndex) -> FetchedIndex:
        """The candidates with the endpoint's vectors instead of latent ones, which are not comparable with them."""
        numbers = [item_number(one.id) for one in index.found]
        vectors = await self._kept.read(repository, self._model, numbers)
        found = (replace(one, dense=pack_numbers(vectors.get(item_number(one.id), ()))) for one in index.found)
        return FetchedIndex(tuple(found))

    async def keep(self, repository: int, number: int, vector: Dense) -> None:
        """The vector of an item that has a profile."""
        if vector:
            await self._kept.keep(repository, self._model, [(number, vector)])

    async def next(self) -> Unembedded | None:
        """A repository with items to embed; None where there is none, or nothing to embed them with."""
        if self._embedder is None or not await self._kept.available():
            return None
        return await self._kept.next(self._model, self._stuck)

    async def turn(self, repository: int, *, private: bool) -> int:
        """Embed a batch of items that have none of this model; returns of how many.

        A repository of which the endpoint takes nothing does not keep the others back.
        """
        texts = await self._kept.pending(repository, self._model, BATCH)
        found = (await self._embed(repository, texts, private=private)).vectors
        if found:
            rows = [(text.number, vector) for text, vector in zip(texts, found, strict=True)]
            await self._kept.keep(repository, self._model, rows)
        else:
            self._stuck = repository
        return len(found)

    async def _embed(self, repository: int, texts: Sequence[Text], *, private: bool) -> Embedded:
        if self._embedder is None or not texts or not await self._kept.available():
            return _NONE
        objection = await self._budget.objection(repository) if self._budget else ""
        if objection:
            return Embedded(objection=objection)
        sent = [dense_text(one.title, one.body) for one in texts]
        pay = self._budget.pay(repository) if self._budget else None
        return Embedded(await self._embedder.embed(sent, private=private, pay=pay) or ())
