"""Which addresses may be linked. Everything is refused that is not plainly allowed."""

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from bot.domain.text.model import RenderPolicy

_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9\-._~/?#=&%+,;:@!]{1,2000}", re.ASCII)
_ENCODED: Final = str.maketrans({"(": "%28", ")": "%29", "*": "%2A", "'": "%27", "|": "%7C", "$": "%24"})
_ESCAPE: Final = re.compile(r"%(..?)?")
# An escape of a character that needs none, of a separator, a control or another escape only hides something.
_HIDING: Final = re.compile(r"[A-Za-z0-9\-._~/\\%@:?#\x00-\x1f\x7f]", re.ASCII)

_ITEMS: Final = frozenset({"issues", "pull", "pulls", "discussions"})
_REFERRED: Final = _ITEMS | {"commit", "commits"}  # guard: commit-links (13): each
# guard: user-content-paths (11): each
_USER_CONTENT_PATHS: Final = frozenset({"raw", "files", "assets", "suites", "archive", "zipball", "tarball"})
_USER_CONTENT_HOSTS: Final = (  # guard: user-content-hosts (11): each
    "githubusercontent.com",
    "raw.github.com",
    "gist.github.com",
    "codeload.github.com",
    "redirect.github.com",
    "githubassets.com",
)
# guard: other-names-of-github (13): as frozenset()
_GITHUB: Final = frozenset({"github.com", "www.github.com", "redirect.github.com"})
_QUERY_KEYS: Final = frozenset({"q", "query", "plain", "template", "labels", "tab", "page", "state", "path"})
# guard: redirecting-paths (11): each
_REDIRECT_SEGMENTS: Final = frozenset({"redirect", "redir", "away", "goto", "out"})
_REDIRECT_KEY: Final = re.compile(
    r"(?:redirect|return)?[_-]?(?:to|ur[li])|redirect|return|u|r|target|next|continue|dest(?:ination)?|goto|link|out",
    re.IGNORECASE,
)
_ADDRESS_LIKE: Final = re.compile(r"//|\\|^\s*(?:https?|ftp|data|javascript):", re.IGNORECASE)


def target(url: str, policy: RenderPolicy) -> str | None:
    """The address to write for `url`, awkward characters percent-encoded; None where it may not be linked."""
    address = _canonical(url)
    parts = _split(address) if address else None
    # guard: foreign-items (13): without _is_foreign_item(parts, policy)
    if address is None or parts is None or _is_deceptive(parts, policy) or _is_foreign_item(parts, policy):
        return None
    if any(address == _canonical(link) for link in policy.template_links):
        return address
    if _redirects(parts):  # guard: redirects-in-links (11)
        return None
    allowed = (
        _in_repository(parts, policy)
        or _in_community_files(parts, policy)
        or any(_is_under(parts, prefix) for prefix in policy.link_prefixes)
    )
    return address if allowed else None


def is_item(url: str, policy: RenderPolicy) -> bool:
    """Whether the address is an issue, pull request or discussion of the repository."""
    parts = _split(url)
    rest = _below(parts, policy.repository_url) if parts else None
    return bool(rest and len(rest) > 1 and rest[0] in _ITEMS and rest[1].isdigit())


def _canonical(url: str) -> str | None:
    address = url.translate(_ENCODED)
    return address if _ADDRESS.fullmatch(address) else None


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname else None


def _segments(parts: SplitResult) -> list[str]:
    return [segment for segment in parts.path.lower().split("/") if segment]


def _is_deceptive(parts: SplitResult, policy: RenderPolicy) -> bool:
    host = parts.hostname or ""
    own = parts.netloc.lower() == urlsplit(policy.repository_url).netloc.lower()
    return (  # guard: deceptive-links (11): each
        "@" in parts.netloc
        or host.endswith(".")
        or (not own and _is_ip(host))
        or any(host == name or host.endswith(f".{name}") for name in _USER_CONTENT_HOSTS)
        or "//" in parts.path
        or any(segment in {".", ".."} for segment in parts.path.split("/"))
        or "//" in parts.fragment
        or any(_hides(escape) for escape in _ESCAPE.findall(parts.path))
    )


def _hides(escape: str) -> bool:
    # guard: hiding-escapes (11): as False
    return not re.fullmatch("[0-9A-Fa-f]{2}", escape) or bool(_HIDING.match(chr(int(escape, 16))))


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # Browsers also take 2130706433, 0x7f.1 and 127.1 for addresses.
        # guard: numbers-for-hosts (11): as False
        return re.fullmatch(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*", host) is not None
    return True


def _is_foreign_item(parts: SplitResult, policy: RenderPolicy) -> bool:
    """GitHub makes a cross-reference of any link to an issue or commit, whatever its text."""
    if (parts.hostname or "") not in _GITHUB | {urlsplit(policy.repository_url).hostname}:
        return False
    segments = _segments(parts)
    refers = len(segments) > 3 and (segments[2] in _REFERRED or segments[0] == "orgs")
    return refers and _below(parts, policy.repository_url) is None


def _redirects(parts: SplitResult) -> bool:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    return bool(_REDIRECT_SEGMENTS & set(_segments(parts))) or any(
        # guard: redirecting-keys (11): without _REDIRECT_KEY.fullmatch(key)
        _REDIRECT_KEY.fullmatch(key) or _ADDRESS_LIKE.search(unquote(value))
        for key, value in pairs
        if key not in {"q", "query"}
    )


def _below(parts: SplitResult, base: str) -> list[str] | None:
    """Path segments below `base`, or None where the address is not the base or under it."""
    root = _split(base)
    # guard: same-origin-links (11)
    if root is None or (parts.scheme, parts.netloc.lower()) != (root.scheme, root.netloc.lower()):
        return None
    above, segments = _segments(root), _segments(parts)
    # guard: links-below-the-repository (11): always
    return segments[len(above) :] if segments[: len(above)] == above else None


def _in_repository(parts: SplitResult, policy: RenderPolicy) -> bool:
    rest = _below(parts, policy.repository_url)
    keys = {key for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
    # guard: known-queries (11): without not keys <= _QUERY_KEYS
    if rest is None or not keys <= _QUERY_KEYS or (rest[:1] and rest[0] in _USER_CONTENT_PATHS):
        return False
    if rest[:1] == ["releases"] and "download" in rest:  # guard: release-files (11)
        return False
    if len(rest) > 1 and rest[0] in _ITEMS and rest[1][:1].isdigit():  # guard: retrieved-items (13)
        return rest[1] in {str(number) for number in policy.numbers}
    return True


def _in_community_files(parts: SplitResult, policy: RenderPolicy) -> bool:
    rest = _below(parts, f"{policy.owner_url.rstrip('/')}/.github")
    # guard: community-files (11): each
    return rest is not None and not parts.query and (not rest or rest[0] in {"blob", "tree"})


def _is_under(parts: SplitResult, prefix: str) -> bool:
    root = _split(prefix)
    # guard: secure-prefixes (11): without parts.scheme != 'https'
    if root is None or parts.scheme != "https" or _below(parts, prefix) is None:
        return False
    # Unlike GitHub, other servers tell upper case from lower.
    return f"{parts.path}/".startswith(f"{root.path.rstrip('/')}/")  # guard: prefix-borders (11): as True
