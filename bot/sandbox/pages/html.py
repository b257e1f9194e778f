"""The page's HTML, as text: every value is escaped where it enters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape

from bot.sandbox.hooks import Delivery
from bot.sandbox.model import Issue, Label, Repository
from bot.sandbox.pages.markdown import render
from bot.sandbox.sample_files import BUG_BODY, THIN_BUG_BODY
from bot.sandbox.state import State
from bot.sandbox.threads import CommentView, ReviewView, ThreadView

_EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "laugh": "😄",
    "hooray": "🎉",
    "confused": "😕",
    "heart": "❤️",
    "rocket": "🚀",
    "eyes": "👀",
}
_HEX = re.compile(r"[0-9a-fA-F]{6}")
_SHOWN_DELIVERIES = 8


def document(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/_sandbox/static/page.css"><script src="/_sandbox/static/page.js" defer></script>
</head><body><header><a href="/_sandbox/">Stand-in GitHub</a>
<span>not github.com: a small copy on this machine, to watch the assistant at work</span></header>
<main>{body}</main></body></html>"""


def repository_page(state: State, repo: Repository, live: str) -> str:
    others = [other for other in state.repositories.values() if other.fork_of is None]
    links = " · ".join(f'<a href="{thread_list_url(other)}">{escape(other.full_name)}</a>' for other in others)
    people = _people(state)
    return f"""<h1>{escape(repo.full_name)}</h1>
<p class="about">{escape(repo.description or "")}</p><p class="about">{links if len(others) > 1 else ""}</p>
<div class="columns"><section id="live">{live}</section><aside>
<form data-act="open_issue" data-repo="{escape(repo.full_name)}" class="card"><h2>Open an issue</h2>
<label>as <select name="author">{people}</select></label>
<input name="title" aria-label="Title" placeholder="Title" required maxlength="256">
<textarea name="body" aria-label="Description" rows="9" placeholder="What happened?"></textarea>
<p class="row">{_fill("Crash when opening a log", THIN_BUG_BODY, "Fill: thin report")}
{_fill("Logs with a byte order mark cannot be read", BUG_BODY, "Fill: full report")}</p>
<button>Submit issue</button></form>
<form data-post="/_sandbox/sample-pull" data-repo="{escape(repo.full_name)}" class="card">
<h2>Open a sample pull request</h2>
<p>A newcomer improves the guide and makes three typing errors.</p>
<label>as <select name="author">{people}</select></label><button>Open pull request</button></form>
</aside></div>"""


def repository_live(repo: Repository, deliveries: Sequence[Delivery]) -> str:
    items = sorted(repo.issues.values(), key=lambda item: -item.number)
    rows = "".join(_row(repo, item) for item in items) or "<p>Nothing yet.</p>"
    return f'<div class="card list"><h2>Issues and pull requests</h2>{rows}</div>{_deliveries(deliveries)}'


def thread_page(state: State, repo: Repository, item: Issue, live: str) -> str:
    people = _people(state)
    name, number = escape(repo.full_name), item.number
    toggle = ("close", "Close") if item.state == "open" else ("reopen", "Reopen")
    return f"""<p class="about"><a href="{thread_list_url(repo)}">← {name}</a></p>
<div id="live">{live}</div>
<form data-act="comment" data-repo="{name}" data-number="{number}" class="card reply">
<label>Comment as <select name="author">{people}</select></label>
<textarea name="body" aria-label="Comment" rows="4" required
placeholder="Write a comment, or a command such as /help"></textarea>
<p class="row"><button>Comment</button>
<button type="button" class="plain" data-act="{toggle[0]}">{toggle[1]}</button></p></form>"""


def thread_live(repo: Repository, shown: ThreadView, deliveries: Sequence[Delivery]) -> str:
    kind = "pull request" if shown.is_pull else "issue"
    labels = "".join(_label(repo.labels[name.lower()]) for name in shown.labels)
    first = _box(shown.author, "User", f"opened this {kind}", shown.created_at, shown.body, shown.reactions)
    rest: list[tuple[datetime, str]] = [(made.created_at, _comment(made)) for made in shown.comments]
    rest += [(review.created_at, _review(review)) for review in shown.reviews]
    body = "".join(text for _, text in sorted(rest, key=lambda pair: pair[0]))
    state = escape(f"draft {shown.state}" if shown.draft else shown.state)
    locked = '<span class="state">locked</span>' if shown.locked else ""
    return f"""<h1>{escape(shown.title)} <span class="number">#{shown.number}</span></h1>
<p class="row"><span class="state {escape(shown.state)}">{state}</span>{locked}
<span class="kind">{kind} by {escape(shown.author)}</span>{labels}</p>{first}{body}{_deliveries(deliveries)}"""


def thread_list_url(repo: Repository) -> str:
    return f"/_sandbox/r/{escape(repo.full_name)}"


def file_page(title: str, text: str) -> str:
    return document(title, f'<h1>{escape(title)}</h1><div class="card"><pre><code>{escape(text)}</code></pre></div>')


def avatar(login: str, *, bot: bool) -> str:
    hue = sum(map(ord, login)) * 47 % 360
    shape = '<rect width="40" height="40" rx="9"' if bot else '<circle cx="20" cy="20" r="20"'
    letter = escape(login[:1].upper())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">{shape} fill="hsl({hue} 45% 45%)"/>'
        f'<text x="20" y="27" font-family="sans-serif" font-size="20" fill="#fff" text-anchor="middle">'
        f"{letter}</text></svg>"
    )


def _row(repo: Repository, item: Issue) -> str:
    url = f"/_sandbox/t/{escape(repo.full_name)}/{item.number}"
    labels = "".join(_label(repo.labels[name.lower()]) for name in item.labels)
    state = "merged" if item.pull and item.pull.merged_at else item.state
    kind = "pull request" if item.pull else "issue"
    talk = len(item.comments) + (len(item.pull.comments) if item.pull else 0)
    count = f'<span class="count">{talk} comment{"s"[: talk > 1]}</span>' if talk else ""
    return f"""<div class="item"><span class="dot {state}" title="{state}"></span><div>
<a href="{url}">{escape(item.title)}</a> {labels}
<small>#{item.number} · {kind} by {escape(item.author.login)} · {_when(item.created_at)}</small></div>
{count}</div>"""


def _fill(title: str, body: str, text: str) -> str:
    data = f'data-title="{escape(title)}" data-fill="{escape(body)}"'
    return f'<button type="button" class="plain" {data}>{escape(text)}</button>'


def _label(label: Label) -> str:
    color = label.color if _HEX.fullmatch(label.color) else "ededed"
    red, green, blue = (int(color[at : at + 2], 16) for at in (0, 2, 4))
    ink = "#1f2328" if red * 299 + green * 587 + blue * 114 > 140_000 else "#fff"
    return f'<span class="label" style="background:#{color};color:{ink}">{escape(label.name)}</span>'


def _comment(made: CommentView) -> str:
    verb = "commented" + (" · edited" if made.edited else "")
    kind = "Bot" if made.is_bot else "User"
    return _box(made.author, kind, verb, made.created_at, made.body, made.reactions)


def _review(review: ReviewView) -> str:
    kind = "Bot" if review.is_bot else "User"
    inner = "".join(
        f'<div class="inline"><p class="path">{escape(comment.path)}'
        f"{'' if comment.line else ' · outdated'}</p>{_hunk(comment.diff_hunk)}"
        f'<div class="text">{render(comment.body)}</div>{_reactions(comment.reactions)}</div>'
        for comment in review.comments
    )
    verb = {"APPROVED": "approved", "CHANGES_REQUESTED": "asked for changes"}.get(review.state, "reviewed")
    verb += " · edited" if review.edited else ""
    return _box(review.author, kind, verb, review.created_at, review.body, {}, inner)


def _hunk(text: str) -> str:
    lines = text.split("\n")
    shown = [lines[0], *lines[1:][-4:]] if lines else []
    kinds = {"+": "plus", "-": "minus", "@": "at"}
    rows = "".join(f'<span class="{kinds.get(line[:1], "same")}">{escape(line)}\n</span>' for line in shown)
    return f'<pre class="hunk">{rows}</pre>'


def _box(
    author: str,
    kind: str,
    verb: str,
    when: datetime,
    body: str,
    reactions: Mapping[str, int],
    inner: str = "",
) -> str:
    badge = '<span class="badge">bot</span>' if kind == "Bot" else ""
    picture = f'<img class="avatar" alt="" src="/_sandbox/face/{escape(author)}">'
    text = f'<div class="text">{render(body)}</div>' if body.strip() else ""
    return f"""<article class="box {kind.lower()}">{picture}<div class="bubble">
<p class="by"><b>{escape(author)}</b>{badge} <span>{escape(verb)} · {_when(when)}</span></p>
{text}{inner}{_reactions(reactions)}</div></article>"""


def _reactions(counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    shown = "".join(f"<span>{_EMOJI.get(name, '')} {count}</span>" for name, count in counts.items())
    return f'<p class="reactions">{shown}</p>'


def _deliveries(deliveries: Iterable[Delivery]) -> str:
    latest = list(deliveries)[-_SHOWN_DELIVERIES:][::-1]
    if not latest:
        return ""
    rows = "".join(
        f"<tr><td>{item.delivered_at:%H:%M:%S}</td><td>{escape(item.event)}"
        f"{'.' + escape(item.action) if item.action else ''}</td>"
        f'<td class="{_mood(item)}">{escape(item.status)}</td><td>{escape(item.response_body[:90])}</td></tr>'
        for item in latest
    )
    return (
        f'<details class="card hooks"><summary>Webhooks sent to the assistant</summary><table>{rows}</table></details>'
    )


def _mood(item: Delivery) -> str:
    return "wait" if item.status == "pending" else "good" if item.ok else "bad"


def _people(state: State) -> str:
    users = [account for account in state.accounts.values() if account.type == "User"]
    roles = {login: role for repo in state.repositories.values() for login, role in repo.collaborators.items()}
    # newcomers first: they are whom the assistant is for
    users.sort(key=lambda account: account.login.lower() in roles)
    return "".join(
        f'<option value="{escape(user.login)}">{escape(user.login)}'
        f"{f' ({roles[user.login.lower()]})' if user.login.lower() in roles else ''}</option>"
        for user in users
    )


def _when(moment: datetime) -> str:
    return moment.strftime("%d %b %Y, %H:%M")
