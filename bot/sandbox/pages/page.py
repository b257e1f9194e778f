"""Routes of the page; what it shows is in `html`, what it does goes through `/_sandbox/act`."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.gitstore import SYMLINK
from bot.sandbox.model import Issue, Repository
from bot.sandbox.pages import html
from bot.sandbox.sample_files import DOCS_PULL_GUIDE

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

API_ROOTS = frozenset({"app", "repos", "users", "orgs", "installation", "repositories", "rate_limit", "api", "search"})
_TYPES = {"page.css": "text/css", "page.js": "text/javascript"}
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Page:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def add_routes(self, app: web.Application) -> None:
        router = app.router
        router.add_get("/_sandbox", self.index)
        router.add_get("/_sandbox/", self.index)
        router.add_get("/_sandbox/r/{owner}/{repo}", self.repository)
        router.add_get("/_sandbox/t/{owner}/{repo}/{number}", self.thread)
        router.add_get("/_sandbox/static/{name}", self.static)
        router.add_get("/_sandbox/face/{login}", self.face)
        router.add_get("/_sandbox/avatar/{id}", self.avatar)
        router.add_post("/_sandbox/sample-pull", self.sample_pull)
        # the addresses in `html_url`
        router.add_get(r"/{owner}/{repo}/{kind:issues|pull}/{number:\d+}", self.moved)
        router.add_get(r"/{owner}/{repo}/{kind:blob|raw}/{ref}/{path:.+}", self.file)

    async def index(self, request: web.Request) -> web.Response:
        del request
        for repo in self._sandbox.state.repositories.values():
            if repo.fork_of is None:
                raise web.HTTPFound(html.thread_list_url(repo))
        return _page(html.document("Stand-in GitHub", "<p>No repository yet.</p>"))

    async def repository(self, request: web.Request) -> web.Response:
        repo = self._repo(request)
        live = html.repository_live(repo, self._sandbox.deliveries)
        if "fragment" in request.query:
            return _page(live)
        shown = html.repository_page(self._sandbox.state, repo, live)
        return _page(html.document(repo.full_name, shown))

    async def thread(self, request: web.Request) -> web.Response:
        repo = self._repo(request)
        item = self._item(request, repo)
        view = self._sandbox.thread(repo.full_name, item.number)
        live = html.thread_live(repo, view, self._sandbox.deliveries)
        if "fragment" in request.query:
            return _page(live)
        shown = html.thread_page(self._sandbox.state, repo, item, live)
        return _page(html.document(f"{item.title} · {repo.full_name}", shown))

    async def static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in _TYPES:
            raise web.HTTPNotFound
        text = files("bot.sandbox.pages").joinpath(name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=_TYPES[name])

    async def face(self, request: web.Request) -> web.Response:
        return _picture(request.match_info["login"])

    async def avatar(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        for account in self._sandbox.state.accounts.values():
            if str(account.id) == wanted:
                return _picture(account.login)
        raise web.HTTPNotFound

    async def sample_pull(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        body = await request.json()
        try:
            made = self._sandbox.open_pull(
                str(body["repo"]),
                str(body["author"]),
                "Explain gaps better in the guide",
                "I stumbled over this, so I wrote it down.",
                files={"docs/guide.md": DOCS_PULL_GUIDE},
            )
        except KeyError:
            raise web.HTTPNotFound from None
        return web.json_response({"number": made.number})

    async def moved(self, request: web.Request) -> web.StreamResponse:
        if self._is_api(request):
            return await self._sandbox.handle_rest(request)
        repo = self._repo(request)
        raise web.HTTPFound(f"/_sandbox/t/{repo.full_name}/{request.match_info['number']}")

    async def file(self, request: web.Request) -> web.StreamResponse:
        if self._is_api(request):
            return await self._sandbox.handle_rest(request)
        repo, path, state = self._repo(request), request.match_info["path"], self._sandbox.state
        sha = state.resolve(repo, request.match_info["ref"])
        entry = state.git.commits[sha].files.get(path) if sha else None
        if entry is None or entry.mode == SYMLINK or entry.sha not in state.git.blobs:
            raise web.HTTPNotFound
        return _page(html.file_page(path, state.git.blobs[entry.sha].decode("utf-8", "replace")))

    def _is_api(self, request: web.Request) -> bool:
        return request.match_info["owner"] in API_ROOTS or "Authorization" in request.headers

    def _repo(self, request: web.Request) -> Repository:
        info = request.match_info
        found = self._sandbox.state.find_repository(f"{info['owner']}/{info['repo']}")
        if found is None:
            raise web.HTTPNotFound
        return found

    def _item(self, request: web.Request, repo: Repository) -> Issue:
        text = request.match_info["number"]
        item = repo.issues.get(int(text)) if text.isascii() and text.isdigit() else None
        if item is None:
            raise web.HTTPNotFound
        return item


def _page(text: str) -> web.Response:
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    # a lone surrogate in a title must not break the page
    return web.Response(
        body=text.encode("utf-8", "replace"), content_type="text/html", charset="utf-8", headers=headers
    )


def _picture(login: str) -> web.Response:
    shown = html.avatar(login, bot=login.endswith("[bot]"))
    return web.Response(
        text=shown, content_type="image/svg+xml", headers={"Content-Security-Policy": "default-src 'none'"}
    )
