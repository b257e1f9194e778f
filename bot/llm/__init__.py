"""A model behind any OpenAI-compatible endpoint: believed only as far as its answer's type, with no tool but a form.

`Endpoint` (settings) → `ModelClient` (HTTP) → `Asker` (one question) → `Member` (breaker) → `ModelPool` (all of them);
`probe` finds out what an endpoint can do, `explain` says what is wrong with it.
"""
