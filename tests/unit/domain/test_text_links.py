"""Which addresses may be linked."""

import pytest

from bot.domain.text import Prose, RenderPolicy, render
from bot.domain.text.links import target

POLICY = RenderPolicy(
    "https://github.com/o/r",
    "https://github.com/o",
    template_links=frozenset({"http://chat.example/x?url=https://a.b", "https://raw.githubusercontent.com/o/r/x"}),
    link_prefixes=("https://docs.example.org/a/", "https://en.wiki.example"),
    numbers=frozenset({5}),
)

ALLOWED = [
    "https://github.com/o/r",
    "https://github.com/o/r/",
    "https://GitHub.com/O/R/wiki",
    "https://github.com/o/r/blob/main/docs/a%20b.md?plain=1#L10-L20",
    "https://github.com/o/r/blob/main/docs/%C3%A9.md",
    "https://github.com/o/r/issues",
    "https://github.com/o/r/issues?q=is%3Aopen+label%3Abug",
    "https://github.com/o/r/issues/new?template=bug.yml",
    "https://github.com/o/r/issues/5",
    "https://github.com/o/r/pull/5/files",
    "https://github.com/o/.github",
    "https://github.com/o/.github/blob/main/CODE_OF_CONDUCT.md",
    "http://chat.example/x?url=https://a.b",
    "https://docs.example.org/a",
    "https://docs.example.org/a/b?page=2#c",
    "https://en.wiki.example/",
]
REFUSED = {
    "nothing": "",
    "relative": "/o/r",
    "scheme": "http://github.com/o/r",
    "script": "javascript:alert(1)",
    "other owner": "https://github.com/x/r",
    "longer name": "https://github.com/o/rx",
    "user": "https://github.com@evil.example/o/r",
    "password": "https://a:b@github.com/o/r",
    "port": "https://github.com:8443/o/r",
    "bad port": "https://github.com:x/o/r",
    "trailing dot": "https://github.com./o/r",
    "subdomain": "https://github.com.evil.example/o/r",
    "backslash": "https://evil.example\\@github.com/o/r",
    "dots": "https://github.com/o/r/../x",
    "encoded dots": "https://github.com/o/r/%2e%2e/x",
    "encoded slash": "https://github.com/o/r/..%2Fx",
    "encoded escape": "https://github.com/o/r/%252e",
    "encoded letter": "https://github.com/o/r/i%73sues/6",
    "broken escape": "https://github.com/o/r/%",
    "double slash": "https://github.com/o/r//evil.example",
    "space": "https://github.com/o/r/a b",
    "line end": "https://github.com/o/r/\nx",
    "not ascii": "https://github.com/o/r/é",
    "look-alike host": "https://gıthub.com/o/r",
    "unknown number": "https://github.com/o/r/issues/6",
    "unknown number deeper": "https://github.com/o/r/pull/6/files",
    "padded number": "https://github.com/o/r/issues/05",
    "discussion": "https://github.com/o/r/discussions/6",
    "raw": "https://github.com/o/r/raw/main/x",
    "raw query": "https://github.com/o/r/blob/main/x?raw=true",
    "upload": "https://github.com/o/r/files/1/x.zip",
    "asset": "https://github.com/o/r/assets/1/x",
    "suite's artifact": "https://github.com/o/r/suites/1/artifacts/2",
    "archive": "https://github.com/o/r/archive/main.zip",
    "archive as zip": "https://github.com/o/r/zipball/main",
    "archive as tar": "https://github.com/o/r/tarball/main",
    "community query": "https://github.com/o/.github/blob/main/x?raw=true",
    "release file": "https://github.com/o/r/releases/download/v1/x.exe",
    "community issue": "https://github.com/o/.github/issues/5",
    "community raw": "https://github.com/o/.github/raw/main/x",
    "user content": "https://raw.githubusercontent.com/o/r/main/x",
    "user content in a template": "https://raw.githubusercontent.com/o/r/x",
    "gist": "https://gist.github.com/o/1",
    "longer prefix": "https://docs.example.org/ab",
    "prefix in other case": "https://docs.example.org/A",
    "prefix over http": "http://docs.example.org/a",
    "redirecting key": "https://docs.example.org/a?next=/x",
    "redirecting value": "https://docs.example.org/a?x=https%3A%2F%2Fevil.example",
    "redirecting path": "https://docs.example.org/a/redirect/x",
    **{f"redirecting by {name}": f"https://docs.example.org/a/{name}/x" for name in ("redir", "away", "goto", "out")},
    "redirecting fragment": "https://docs.example.org/a#//evil.example",
    "template with more": "http://chat.example/x?url=https://a.b/c",
    "number for a host": "https://2130706433/",
    "address": "https://127.0.0.1/",
    "long": "https://github.com/o/r/" + "x" * 3_000,
}


@pytest.mark.parametrize("url", ALLOWED)
def test_allows(url: str) -> None:
    assert target(url, POLICY) == url
    assert render((Prose(f"[x]({url})"),), POLICY).body == f"[x]({url})"


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_refuses(url: str) -> None:
    assert target(url, POLICY) is None


def test_refuses_addresses_even_in_templates_and_prefixes() -> None:
    policy = RenderPolicy(
        "https://github.com/o/r",
        "https://github.com/o",
        template_links=frozenset(
            {
                "https://10.0.0.1/x",
                "https://github.com/x/y/issues/5",
                "https://a@b.example/",
                "https://gist.github.com./x",
            }
        ),
        link_prefixes=("https://127.1", "https://github.com/x"),
    )
    for url in (*policy.template_links, "https://127.1/x", "https://github.com/x/y/pull/5"):
        assert target(url, policy) is None


IN_TEMPLATES = (
    "https://github.com/x/y/commit/abcdef1",
    "https://github.com/x/y/commits/main",
    "https://www.github.com/x/y/issues/5",
    "https://github.com/orgs/x/discussions/5",
    "https://raw.githubusercontent.com/o/r/x",
    "https://raw.github.com/o/r/x",
    "https://gist.github.com/o/1",
    "https://codeload.github.com/o/r/zip",
    "https://redirect.github.com/o/r",
    "https://github.githubassets.com/x.png",
)


@pytest.mark.parametrize("url", IN_TEMPLATES)
def test_some_addresses_are_refused_though_a_template_holds_them(url: str) -> None:
    policy = RenderPolicy("https://git.example/o/r", "https://git.example/o", template_links=frozenset({url}))
    assert target(url, policy) is None


def test_a_prefix_must_be_https() -> None:
    policy = RenderPolicy("https://github.com/o/r", "https://github.com/o", link_prefixes=("http://plain.example/",))
    assert target("http://plain.example/x", policy) is None


def test_encodes_parentheses() -> None:
    assert target("https://en.wiki.example/a_(b)", POLICY) == "https://en.wiki.example/a_%28b%29"


def test_an_enterprise_server_may_have_any_address() -> None:
    policy = RenderPolicy("http://10.0.0.1:8080/o/r", "http://10.0.0.1:8080/o")
    assert target("http://10.0.0.1:8080/o/r/wiki", policy)
    assert target("http://10.0.0.1/o/r/wiki", policy) is None
    assert target("https://github.com/o/r/issues/5", policy) is None
