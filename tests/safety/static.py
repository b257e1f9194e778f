"""What the source of the service shows without being run: one renderer and one executor are the only ways out.

Each rule looks at one module's syntax tree and yields the places that break it. The rooms where something is allowed
are written beside the rule; everywhere else it is a violation.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Violation:
    path: str
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.what}"


Rule = Callable[[ast.Module, str], Iterator[tuple[ast.AST, str]]]

RENDERER: Final = "bot/domain/text/render.py"
EXECUTOR: Final = "bot/github/executor.py"
CLIENT: Final = "bot/github/client.py"
TOKENS: Final = "bot/github/auth.py"
"""Asks for installation tokens, the one write that is not the executor's."""
LISTING: Final = ("bot/runtime/gaps.py", "bot/upkeep.py")
EFFECTS: Final = "bot/domain/effects.py"
COMPOSITION: Final = "bot/bootstrap.py"
LOCAL: Final = "bot/llm/local.py"
"""Holds the port of its child by a socket that is never connected and never listens."""
CHILDREN: Final = {
    "bot/store/embedded.py": {"subprocess"},
    "bot/store/unprivileged.py": {"os.execv"},
    "bot/spelling.py": {"asyncio.create_subprocess_exec"},
    "bot/children.py": {"asyncio.create_subprocess_exec"},
}
"""Invariant 24: who starts which children, and how."""

_WRITES: Final = frozenset({"send", "post", "patch", "put", "delete", "graphql"})
_TO_THE_MODEL: Final = "self._connected(private).http.request"
_REQUESTS: Final = _WRITES | {"request", "_make_request", "_request", "getitem", "getiter", "getstatus"}
_NARROWED: Final = (
    "{'repositories': ['.github'], 'permissions': {'contents': 'read'}}",
    "{'permissions': {'metadata': 'read'}}",
    "{'repository_ids': [repository], 'permissions': permissions}",
)
_HTTP: Final[dict[str, tuple[str, ...]]] = {
    "aiohttp": (CLIENT, TOKENS, COMPOSITION, "bot/web/"),
    "gidgethub": (CLIENT,),
    "openai": ("bot/llm/",),
    "httpx": ("bot/llm/",),
    "httpx2": ("bot/llm/",),
}
_OTHER_HTTP: Final = (
    "urllib.request",
    "http.client",
    "requests",
    "urllib3",
    "ftplib",
    "smtplib",
    "telnetlib",
    "xmlrpc",
)
_STARTING: Final = ("subprocess", "multiprocessing", "pty", "concurrent.futures.process", "ctypes")
_STARTERS: Final = frozenset(
    {"create_subprocess_exec", "create_subprocess_shell", "subprocess_exec", "subprocess_shell", "system", "popen"}
    | {f"exec{ending}" for ending in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")}
    | {f"spawn{ending}" for ending in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")}
    | {"fork", "forkpty", "posix_spawn", "posix_spawnp", "Popen", "check_output", "check_call", "getoutput"}
)
_BUILDING: Final = frozenset({"eval", "exec", "compile", "__import__", "import_module", "getattr", "setattr"})
_SECRET: Final = re.compile(r"(?!chars_per_token$).*(?:_key|secret|secrets|password|token|database_url)")
_OWN_KEY: Final = "object.__setattr__(self, '_key', load_pem_private_key(self.private_key.encode(), password=None))"
"""Frozen values set what they compute of themselves: the App's credentials, their key that was read."""
_UNSAFE_LOADING: Final = frozenset({"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"})


def imports(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Every imported name in full ("from a import b" is "a.b")."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node, one.name) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module}.{one.name}") for one in node.names)


def _called(node: ast.Call) -> str:
    """The last name of what is called."""
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _last(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def _calls(module: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module) if isinstance(node, ast.Call))


def _is_below(name: str, parents: tuple[str, ...]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in parents)


def one_renderer(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """`Rendered` is made in the renderer only; its seal is known nowhere else; nothing rebuilds or forges one."""
    if path == RENDERER:
        return
    own = {call.func for call in _calls(module) if path == TOKENS and ast.unparse(call) == _OWN_KEY}
    for node in ast.walk(module):
        match node:
            case ast.Call() if _called(node) == "Rendered":
                yield node, "makes a Rendered"
            case ast.Name(id="_SEAL") | ast.Attribute(attr="_SEAL") | ast.alias(name="_SEAL"):
                yield node, "knows the seal"
            case ast.alias(name="Rendered", asname=str()):
                yield node, "gives Rendered another name"
            case ast.ClassDef(bases=bases) if any(ast.unparse(one).endswith("Rendered") for one in bases):
                yield node, "is derived from Rendered"
            case ast.Attribute(attr="__new__" | "__setattr__") if node not in own:
                yield node, "makes an object past its constructor"
            case ast.Assign(value=ast.Name(id="Rendered")) | ast.AnnAssign(value=ast.Name(id="Rendered")):
                yield node, "gives Rendered another name"


def one_executor(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """Nobody but the executor (and who asks for tokens) calls a method of the client that writes."""
    for call in _calls(module):
        if not isinstance(call.func, ast.Attribute) or path == CLIENT:
            continue
        known = _WRITES if path in (EXECUTOR, TOKENS) else frozenset()
        if ast.unparse(call.func) == _TO_THE_MODEL and path == "bot/llm/client.py":
            continue
        if call.func.attr in _REQUESTS - known:
            yield call, f"calls .{call.func.attr}"
        elif call.func.attr == "send" and not _is_known_write(call, path):
            yield call, "sends something else than the executor's write or the request for a token"


def _is_known_write(call: ast.Call, path: str) -> bool:
    text = ast.unparse(call)
    if path == EXECUTOR:
        return text == "self.github.send(method, url, data, fence=self.fence, has_slot=has_slot)"
    tokens = "self.api.send('POST', f'/app/installations/{installation}/access_tokens',"
    return path == TOKENS and text.startswith(tokens)


def one_executor_is_made(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """Executors are made where plans are carried out, with what was recorded; nowhere else."""
    for call in _calls(module):
        if _called(call) == "Executor" and path != "bot/runtime/acting.py":
            yield call, "makes an executor"
        if _called(call) == "GitHub" and path != TOKENS:
            yield call, "makes a client"


def executors_are_fenced(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """Only the client asks a fence; only the executor holds one; a client's own is set where it sends."""
    for node in ast.walk(module):
        match node:
            case ast.Attribute(attr="_fence", ctx=ast.Store()) if path != CLIENT:
                yield node, "sets the fence of a client"
            case ast.keyword(arg="fence", value=value) if path == EXECUTOR and ast.unparse(value) != "self.fence":
                yield value, "sends behind another fence"
            case ast.keyword(arg="trace_request_ctx") if path != CLIENT:
                yield node.value, "speaks to the session past its client"


def tokens_are_narrow(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """An installation's token is for one repository, or reads the owner's files, or only lists repositories.

    The last one is used by who looks for what was missed, and nowhere else.
    """
    for node in ast.walk(module):
        if path == TOKENS and isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "narrowed":
            if ast.unparse(node.value) not in _NARROWED:
                yield node, f"asks for {ast.unparse(node.value)}"
        elif path == TOKENS and isinstance(node, ast.Call) and ast.unparse(node.func) == "self.api.send":
            if "/access_tokens" in ast.unparse(node) and not ast.unparse(node).endswith(", narrowed)"):
                yield node, "asks for a token that is not narrowed"
        elif isinstance(node, ast.Attribute) and node.attr == "listing_client" and path not in LISTING:
            yield node, "uses the token that lists repositories"


def rendered_text_only(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """In effects, text for people is `Rendered`; strings are keys, labels, SHAs and digests, each by its name."""
    if path != EFFECTS:
        return
    plain = {"key", "labels", "head_sha", "digests", "remarks", "commanded", "thread", "content"}
    for node in ast.walk(module):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or node.target.id in plain:
            continue
        if ast.unparse(node.annotation) not in ("Rendered", "Rendered | None", "tuple[Rendered, ...]"):
            yield node, f"{node.target.id} is not Rendered"


def bodies_are_rendered(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """In the executor, what is sent under "body" is the `.body` of something rendered."""
    if path != EXECUTOR:
        return
    for node in ast.walk(module):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "body" and not _is_body(value):
                    yield value, f"sends {ast.unparse(value)}"


def _is_body(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Attribute)
        and value.attr == "body"
        and ast.unparse(value.value)
        in (
            "body",
            "effect.body",
        )
    )


def http_in_its_rooms(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """Libraries that can send a request are imported only where requests to GitHub or to the model are made."""
    for node, name in imports(module):
        if _is_below(name, _OTHER_HTTP):
            yield node, f"imports {name}"
        library = name.split(".")[0]
        if library in _HTTP and not path.startswith(_HTTP[library]):
            yield node, f"imports {name}"


def sessions_in_one_place(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """One session for GitHub, described beside its client and made in the composition root; one for the model."""
    places = {
        "ClientSession": (CLIENT,), "TraceConfig": (CLIENT,), "AsyncOpenAI": ("bot/llm/client.py",),
        "open_session": (COMPOSITION, "bot/upkeep.py", "bot/doctor/github.py"),
    }  # fmt: skip
    for call in _calls(module):
        name = _called(call)
        if name in places and path not in places[name]:
            yield call, f"makes a {name}"
        if name in (
            "TCPConnector",
            "UnixConnector",
            "create_connection",
            "open_connection",
            "create_datagram_endpoint",
        ):
            yield call, f"opens a connection by {name}"
        if ast.unparse(call.func) in ("socket.socket", "socket.create_connection") and path != LOCAL:
            yield call, "opens a socket"
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and any(_last(base) in places for base in node.bases):
            yield from (
                (node, f"derives {node.name}") for base in node.bases if path not in places.get(_last(base), ())
            )


def children_in_their_rooms(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """Processes are started in the rooms of `CHILDREN` only (invariant 24), each in its own way."""
    allowed = CHILDREN.get(path, set())
    for node, name in imports(module):
        starts = _is_below(name, _STARTING) and not (name == "ctypes" and path == "bot/store/unprivileged.py")
        if starts and name not in allowed:
            yield node, f"imports {name}"
    for call in _calls(module):
        name = ast.unparse(call.func)
        if _called(call) in _STARTERS and name not in allowed and not name.startswith("re."):
            yield call, f"calls {name}"
        if any(one.arg == "shell" for one in call.keywords):
            yield call, "starts a shell"


def nothing_is_built_from_text(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """No code from text, no attribute by a computed name, no unsafe loading: the other rules see all that runs."""
    for node, name in imports(module):
        if name.split(".")[0] in _UNSAFE_LOADING:
            yield node, f"imports {name}"
    for call in _calls(module):
        if isinstance(call.func, ast.Name) and call.func.id in _BUILDING and not _is_harmless(call, path):
            yield call, f"calls {call.func.id}"
        if ast.unparse(call.func) in ("yaml.load", "yaml.full_load", "yaml.unsafe_load", "importlib.import_module"):
            yield call, f"calls {ast.unparse(call.func)}"


def _is_harmless(call: ast.Call, path: str) -> bool:
    """`getattr` with a constant name; reading the fields of our own values; a logging level by its name."""
    if not isinstance(call.func, ast.Name) or call.func.id != "getattr":
        return False
    if len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
        return True
    return (path, ast.unparse(call)) in {
        ("bot/domain/codec.py", "getattr(value, one.name)"),
        ("bot/domain/repo_config.py", "getattr(model, name)"),
        ("bot/logs.py", "getattr(logging, level.upper())"),
    }


def secrets_do_not_show(module: ast.Module, path: str) -> Iterator[tuple[ast.AST, str]]:
    """A dataclass that holds a secret has no `repr`: tracebacks and logs print values."""
    for node in ast.walk(module):
        if not isinstance(node, ast.ClassDef) or not any(
            "dataclass" in ast.unparse(one) for one in node.decorator_list
        ):
            continue
        shows = not any("repr=False" in ast.unparse(one) for one in node.decorator_list)
        for part in node.body:
            if shows and isinstance(part, ast.AnnAssign) and _SECRET.fullmatch(ast.unparse(part.target)):
                yield part, f"{node.name} shows its {ast.unparse(part.target)}"


RULES: Final[tuple[Rule, ...]] = (
    one_renderer,
    one_executor,
    one_executor_is_made,
    executors_are_fenced,
    tokens_are_narrow,
    rendered_text_only,
    bodies_are_rendered,
    http_in_its_rooms,
    sessions_in_one_place,
    children_in_their_rooms,
    nothing_is_built_from_text,
    secrets_do_not_show,
)


def violations(source: str, path: str) -> tuple[Violation, ...]:
    """What breaks a rule in one module."""
    module = ast.parse(source)
    return tuple(
        Violation(path, getattr(node, "lineno", 0), rule.__name__, what)
        for rule in RULES
        for node, what in rule(module, path)
    )
