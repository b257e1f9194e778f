"""What a question costs: tokens and money, counted per repository, per endpoint and day."""

from typing import Final

from bot.domain.ports import Spending
from bot.endpoints import Endpoint

_NO_LIMIT: Final = 2**62


class Purse:
    """One question's spending at one endpoint. The budgets are checked before; what was used is always counted.

    `tokens_scope` is another budget of tokens than that of questions.
    """

    def __init__(self, spending: Spending, endpoint: Endpoint, scope: str, tokens_scope: str = "") -> None:
        self._spending = spending
        self._endpoint = endpoint
        self._scope = scope
        self._tokens_scope = tokens_scope or tokens_of(scope)
        self.tokens = 0

    async def pay(self, prompt_tokens: int, answer_tokens: int) -> None:
        used = prompt_tokens + answer_tokens
        self.tokens += used
        await self._spending.spend(self._tokens_scope, used, _NO_LIMIT)
        cost = self._endpoint.cost(prompt_tokens, answer_tokens)
        if cost:
            await self._spending.spend(money_of(self._scope), cost, _NO_LIMIT)
        if self._endpoint.tokens_per_day is not None:
            await self._spending.spend(endpoint_scope(self._endpoint), used, _NO_LIMIT)


def tokens_of(scope: str) -> str:
    """The budget of a repository's tokens."""
    return f"tokens:{scope}"


def embedded_of(scope: str) -> str:
    """The budget of a repository's tokens for embeddings, which are counted apart."""
    return f"embedding:{scope}"


def money_of(scope: str) -> str:
    """The budget of a repository's money, in millionths."""
    return f"money:{scope}"


def endpoint_scope(endpoint: Endpoint) -> str:
    """The budget of an endpoint's tokens, for all repositories together."""
    return f"endpoint:{endpoint.name}"
