"""One renderer and one executor are the only ways out: shown on the source, and that each rule would see a breach."""

from typing import Final

import pytest

from tests.safety.guards import sources
from tests.safety.static import RULES, violations


def test_the_service_breaks_no_rule() -> None:
    found = [str(one) for path, source in sources().items() for one in violations(source, path)]
    assert found == []


def test_the_rules_see_the_whole_service() -> None:
    assert {"bot/bootstrap.py", "bot/github/executor.py", "bot/llm/client.py", "bot/web/webhook.py"} <= set(sources())
    assert len(sources()) > 90


PLANTED: Final[dict[str, tuple[str, str, str]]] = {
    "another maker": ("one_renderer", "bot/domain/compose.py", "Rendered('@all', object())"),
    "another maker, by its module": ("one_renderer", "bot/domain/status.py", "text.Rendered('x', None)"),
    "the seal, borrowed": ("one_renderer", "bot/domain/compose.py", "from bot.domain.text.render import _SEAL"),
    "the seal, reached for": ("one_renderer", "bot/domain/compose.py", "seal = render_module._SEAL"),
    "past the constructor": ("one_renderer", "bot/domain/compose.py", "made = object.__new__(Rendered)"),
    "written into": ("one_renderer", "bot/domain/compose.py", "object.__setattr__(done, 'body', '@all')"),
    "under another name": ("one_renderer", "bot/domain/compose.py", "from bot.domain.text import Rendered as R"),
    "under an assigned name": ("one_renderer", "bot/domain/compose.py", "make = Rendered"),
    "derived": ("one_renderer", "bot/domain/compose.py", "class Mine(Rendered): pass"),
    "a write by a capability": ("one_executor", "bot/capabilities/welcome/decide.py", "github.send('POST', '/x')"),
    "a write by the reader": ("one_executor", "bot/github/reader.py", "await self.github.send('POST', url, {})"),
    "a write by the library's name": ("one_executor", "bot/runtime/acting.py", "await github.post('/x', data={})"),
    "a deletion": ("one_executor", "bot/runtime/chores.py", "await self._app.api.delete('/x')"),
    "past the client": ("one_executor", "bot/github/executor.py", "await self.github._make_request('POST', url)"),
    "past the session": ("one_executor", "bot/github/auth.py", "await self._session.request('POST', url)"),
    "another write of the executor": ("one_executor", "bot/github/executor.py", "await self.github.send('PUT', url)"),
    "another write with a JWT": ("one_executor", "bot/github/auth.py", "await self.api.send('POST', '/x', {})"),
    "a write without its fence": (
        "one_executor", "bot/github/executor.py", "await self.github.send(method, url, data)",
    ),
    "another write of the executor with its fence": (
        "one_executor", "bot/github/executor.py", "await self.github.send('PUT', url, data, fence=self.fence)",
    ),
    "a fence that is set elsewhere": ("executors_are_fenced", "bot/runtime/acting.py", "github._fence = None"),
    "a fence that is taken off": ("executors_are_fenced", "bot/github/executor.py", "self.github._fence = None"),
    "another fence": ("executors_are_fenced", "bot/github/executor.py", "again = dict(fence=None)"),
    "past the client, with its fence": (
        "executors_are_fenced", "bot/runtime/acting.py", "dict(trace_request_ctx=None)",
    ),
    "a token of all repositories": ("tokens_are_narrow", "bot/github/auth.py", "narrowed = {}"),
    "a token that lists and reads": (
        "tokens_are_narrow", "bot/github/auth.py", "narrowed = {'permissions': {'contents': 'read'}}",
    ),
    "a token that writes the owner's files": (
        "tokens_are_narrow", "bot/github/auth.py",
        "narrowed = {'repositories': ['.github'], 'permissions': {'contents': 'write'}}",
    ),
    "a token that was not narrowed": (
        "tokens_are_narrow", "bot/github/auth.py",
        "await self.api.send('POST', f'/app/installations/{installation}/access_tokens', {})",
    ),
    "a list of repositories for somebody else": (
        "tokens_are_narrow", "bot/runtime/pipeline.py", "app.listing_client(1)",
    ),
    "written into a frozen value": (
        "one_renderer", "bot/github/auth.py", "object.__setattr__(done, 'body', '@all')",
    ),
    "the setter, borrowed": ("one_renderer", "bot/github/auth.py", "write = object.__setattr__"),
    "a second session of ours": ("sessions_in_one_place", "bot/runtime/chores.py", "open_session()"),
    "another session of the composition's": (
        "sessions_in_one_place", "bot/bootstrap.py", "aiohttp.ClientSession()",
    ),
    "a session that is watched elsewhere": (
        "sessions_in_one_place", "bot/github/auth.py", "aiohttp.TraceConfig()",
    ),
    "a second executor": ("one_executor_is_made", "bot/runtime/chores.py", "Executor(github, event, app, l, f, k)"),
    "a second client": ("one_executor_is_made", "bot/runtime/chores.py", "GitHub(session, url, token=t, scope='x')"),
    "text that is a string": (
        "rendered_text_only", "bot/domain/effects.py", "class PutReply:\n    body: str",
    ),
    "text beside the body": (
        "rendered_text_only", "bot/domain/effects.py", "class PutReply:\n    title: str",
    ),
    "a body that is a string": (
        "bodies_are_rendered", "bot/github/executor.py", "data = {'body': one.text}",
    ),
    "a body put together": (
        "bodies_are_rendered", "bot/github/executor.py", "data = {'body': body.body + extra}",
    ),
    "HTTP in a capability": ("http_in_its_rooms", "bot/capabilities/docs/links.py", "import aiohttp"),
    "a model's library at GitHub's": ("http_in_its_rooms", "bot/github/reader.py", "from openai import AsyncOpenAI"),
    "GitHub's library at the model's": ("http_in_its_rooms", "bot/llm/client.py", "import gidgethub.aiohttp"),
    "the standard library's": ("http_in_its_rooms", "bot/spelling.py", "from urllib.request import urlopen"),
    "a second session": ("sessions_in_one_place", "bot/github/auth.py", "aiohttp.ClientSession()"),
    "a second model": ("sessions_in_one_place", "bot/runtime/deciding.py", "openai.AsyncOpenAI()"),
    "a second model, derived": (
        "sessions_in_one_place", "bot/llm/endpoint.py", "class Mine(openai.AsyncOpenAI): pass"
    ),
    "a bare connection": ("sessions_in_one_place", "bot/runtime/worker.py", "await asyncio.open_connection('x', 1)"),
    "a bare socket": ("sessions_in_one_place", "bot/llm/endpoint.py", "socket.socket()"),
    "a child of a capability": ("children_in_their_rooms", "bot/capabilities/docs/links.py", "import subprocess"),
    "a child of the worker": (
        "children_in_their_rooms", "bot/runtime/worker.py", "await asyncio.create_subprocess_exec('git')",
    ),
    "a child by the loop": ("children_in_their_rooms", "bot/spelling.py", "await loop.subprocess_exec(p, 'x')"),
    "a child by the system": ("children_in_their_rooms", "bot/spelling.py", "os.system('git clone x')"),
    "a fork": ("children_in_their_rooms", "bot/store/embedded.py", "os.fork()"),
    "a shell": ("children_in_their_rooms", "bot/store/embedded.py", "subprocess.run('x', shell=True)"),
    "code from text": ("nothing_is_built_from_text", "bot/domain/forms.py", "eval(text)"),
    "a module from text": ("nothing_is_built_from_text", "bot/domain/forms.py", "importlib.import_module(name)"),
    "a method by a computed name": ("nothing_is_built_from_text", "bot/runtime/acting.py", "getattr(github, verb)(u)"),
    "unsafe YAML": ("nothing_is_built_from_text", "bot/domain/forms.py", "yaml.load(text, Loader=yaml.Loader)"),
    "a key that shows": (
        "secrets_do_not_show",
        "bot/github/client.py",
        "@dataclass(frozen=True)\nclass Made:\n    signing_key: bytes",
    ),
    "a pickle": ("nothing_is_built_from_text", "bot/store/records.py", "import pickle"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "planted"), PLANTED.values(), ids=PLANTED)
def test_a_planted_breach_is_seen(rule: str, path: str, planted: str) -> None:
    source = (
        f"{sources()[path]}\n\n{planted}\n"
        if "await" not in planted
        else (f"{sources()[path]}\n\nasync def planted():\n    {planted}\n")
    )
    assert [(one.rule, one.path) for one in violations(source, path)] == [(rule, path)]


def test_each_rule_has_a_planted_breach() -> None:
    assert {one.__name__ for one in RULES} == {rule for rule, _path, _planted in PLANTED.values()}


def test_a_dead_rule_would_be_noticed() -> None:
    """What the rules allow is really there: an exception for something that is gone would hide a breach."""
    executor, tokens = sources()["bot/github/executor.py"], sources()["bot/github/auth.py"]
    assert executor.count("self.github.send(method, url, data, fence=self.fence, has_slot=has_slot)") == 1
    assert executor.count("self.github.send(") == 1
    assert tokens.count("object.__setattr__(") == 1
    assert tokens.count("narrowed = {") == 3
    assert sources()["bot/github/client.py"].count("aiohttp.ClientSession(") == 1
    assert sources()["bot/bootstrap.py"].count("open_session()") == 1
    assert sources()["bot/runtime/gaps.py"].count("listing_client(") == 1
    assert tokens.count("self.api.send(") == 1
    assert sources()["bot/domain/text/render.py"].count("_SEAL)") == 2
