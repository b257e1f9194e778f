"""https://docs.github.com/en/rest/apps"""

from __future__ import annotations

from bot.sandbox.answers import Answer, ApiError, Listing, Result, not_found
from bot.sandbox.auth import LEVELS, InstallationCaller
from bot.sandbox.call import Call
from bot.sandbox.hooks import Delivery
from bot.sandbox.model import Installation, Json, Repository
from bot.sandbox.routing import PAGED, Access, Field, Route
from bot.sandbox.shapes import people, repos
from bot.sandbox.shapes.links import stamp


def get_app(call: Call) -> Result:
    return Answer(body={**people.app(call.links, call.app), "installations_count": len(_installations(call))})


def list_installations(call: Call) -> Result:
    items = sorted(_installations(call), key=lambda item: item.id)
    return Listing(items, lambda item: people.installation(call.links, item))


def get_installation(call: Call) -> Result:
    return Answer(body=people.installation(call.links, _installation(call)))


def get_repository_installation(call: Call) -> Result:
    found = next((one for one in call.state.installations_of(call.repo) if one.app is call.app), None)
    if found is None:
        raise not_found()
    return Answer(body=people.installation(call.links, found))


def create_token(call: Call) -> Result:
    """https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app"""
    installation = _installation(call)
    if installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    permissions = _narrowed(installation, call.body.get("permissions"))
    chosen = _chosen(call, installation)
    ids = None if chosen is None else frozenset(repo.id for repo in chosen)
    secret, made = call.auth.issue(installation, permissions, ids)
    body: Json = {
        "token": secret,
        "expires_at": stamp(made.expires_at),
        "permissions": permissions,
        "repository_selection": "all" if installation.repository_ids is None and chosen is None else "selected",
    }
    if chosen is not None:
        body["repositories"] = [repos.repository(call.links, call.state, repo) for repo in chosen]
    return Answer(201, body)


def _narrowed(installation: Installation, wanted: dict[str, str] | None) -> dict[str, str]:
    if wanted is None:
        return dict(installation.permissions)
    for name, level in wanted.items():
        held = LEVELS.get(installation.permissions.get(name, ""), 0)
        if level not in LEVELS or LEVELS[level] > held:
            raise ApiError(422, "The permissions requested are not granted to this installation.")
    # metadata: read comes with every other permission
    return {**wanted, "metadata": wanted.get("metadata", "read")}


def _chosen(call: Call, installation: Installation) -> list[Repository] | None:
    names, ids = call.body.get("repositories"), call.body.get("repository_ids")
    if names is None and ids is None:
        return None
    available = call.state.installed_repositories(installation)
    by_name = {repo.name.lower(): repo for repo in available}
    by_id = {repo.id: repo for repo in available}
    chosen = [by_name.get(name.lower()) for name in names or ()] + [by_id.get(wanted) for wanted in ids or ()]
    if not chosen or None in chosen:
        raise ApiError(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    return [repo for repo in chosen if repo is not None]


def _installation(call: Call) -> Installation:
    found = call.state.installations.get(call.number("installation"))
    if found is None or found.app is not call.app:
        raise not_found()
    return found


def _installations(call: Call) -> list[Installation]:
    return [one for one in call.state.installations.values() if one.app is call.app]


def installation_repositories(call: Call) -> Result:
    caller = call.caller
    if not isinstance(caller, InstallationCaller):
        raise ApiError(403, "You must authenticate with an installation access token")
    installation = call.state.installations[caller.installation_id]
    reachable = [repo for repo in call.state.installed_repositories(installation) if call.reaches(repo)]
    selection = "all" if installation.repository_ids is None else "selected"
    return Listing(
        reachable,
        lambda repo: repos.repository(call.links, call.state, repo),
        wrap="repositories",
        extra={"repository_selection": selection},
    )


def hook_config(call: Call) -> Result:
    """The secret is shown as asterisks where there is one.

    https://docs.github.com/en/rest/apps/webhooks#get-a-webhook-configuration-for-an-app
    """
    hooks = call.hooks
    config = {"content_type": hooks.content_type, "insecure_ssl": hooks.insecure_ssl, "url": hooks.url or ""}
    return Answer(body={**config, "secret": "********"} if hooks.secret else config)


def list_deliveries(call: Call) -> Result:
    """Newest first, by cursor.

    https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
    """
    newest = [item for item in call.hooks.kept() if item.status != "pending"]
    wanted = call.query.get("status")
    if wanted is not None:
        newest = [item for item in newest if item.ok == (wanted == "success")]
    cursor = call.query.get("cursor")
    if cursor is not None:
        kind, _, last = cursor.partition("_")
        if kind != "v1" or not last.isdigit():
            raise ApiError(400, "Invalid cursor")
        newest = [item for item in newest if item.id < int(last)]
    size = page_size(call)
    page = newest[:size]
    headers = {}
    if len(newest) > size:
        url = f"{call.links.api}/app/hook/deliveries?per_page={size}&cursor=v1_{page[-1].id}"
        headers["Link"] = f'<{url}>; rel="next"'
    return Answer(body=[_delivery(item) for item in page], headers=headers)


def page_size(call: Call) -> int:
    text = call.query.get("per_page", "30")
    return min(max(int(text), 1), 100) if text.isdigit() else 30


def get_delivery(call: Call) -> Result:
    found = call.hooks.find(call.number("delivery"))
    if found is None:
        raise not_found()
    body = {
        **_delivery(found),
        "url": call.hooks.url or "",
        "request": {"headers": found.headers, "payload": found.payload},
        "response": {"headers": found.response_headers, "payload": found.response_body},
    }
    return Answer(body=body)


def redeliver(call: Call) -> Result:
    if call.hooks.find(call.number("delivery")) is None:
        raise not_found()
    call.hooks.redeliver(call.number("delivery"))
    return Answer(202, {})


def _delivery(item: Delivery) -> Json:
    return {
        "id": item.id,
        "guid": item.guid,
        "delivered_at": stamp(item.delivered_at),
        "redelivery": item.redelivery,
        "duration": item.duration,
        "status": item.status,
        "status_code": item.status_code,
        "event": item.event,
        "action": item.action,
        "installation_id": item.installation_id,
        "repository_id": item.repository_id,
        "throttled_at": None,
    }


_TOKEN_BODY = {
    "repositories": Field(list, items=str),
    "repository_ids": Field(list, items=int),
    "permissions": Field(dict),
}
ROUTES = (
    Route("GET", "/app", get_app, Access.APP),
    Route("GET", "/app/installations", list_installations, Access.APP, PAGED | {"since", "outdated"}),
    Route("GET", "/app/installations/{installation}", get_installation, Access.APP),
    Route("POST", "/app/installations/{installation}/access_tokens", create_token, Access.APP, body=_TOKEN_BODY),
    Route("GET", "/app/hook/config", hook_config, Access.APP),
    Route(
        "GET",
        "/app/hook/deliveries",
        list_deliveries,
        Access.APP,
        frozenset({"per_page", "cursor", "status"}),
    ),
    Route("GET", "/app/hook/deliveries/{delivery}", get_delivery, Access.APP),
    Route("POST", "/app/hook/deliveries/{delivery}/attempts", redeliver, Access.APP),
    Route("GET", "/installation/repositories", installation_repositories, Access.INSTALLATION, PAGED),
    Route("GET", "/repos/{owner}/{repo}/installation", get_repository_installation, Access.APP),
)
