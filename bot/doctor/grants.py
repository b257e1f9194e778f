"""What GitHub says of the App, compared with what the assistant needs: pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.doctor.checks import Check, failure, ok, skipped, warning

HOOK: Final = "/webhooks/github"
MOST_SKEW: Final = 60
"""Seconds; the JWT is back-dated by as much."""
_LEVELS: Final = {"read": 1, "write": 2, "admin": 3}


def clock(skew: float | None) -> Check:
    """`skew`: seconds that our clock is ahead of GitHub's; None where GitHub did not tell the time."""
    name = "clock"
    if skew is None:
        return skipped(name, "GitHub did not tell the time")
    if abs(skew) <= MOST_SKEW:
        return ok(name, f"within {MOST_SKEW} s of GitHub's")
    where = "ahead of" if skew > 0 else "behind"
    return failure(name, f"this machine's clock is {abs(skew):.0f} s {where} GitHub's", "Set the clock, best by NTP.")


def permissions(name: str, given: Mapping[str, Any], wanted: Mapping[str, str], remedy: str) -> Check:
    """Whether each wanted permission is given at its level or above; one that is missing turns a capability off."""
    missing = [f"{one}: {level}" for one, level in sorted(wanted.items()) if _level(given.get(one)) < _level(level)]
    if missing:
        return failure(name, f"missing: {', '.join(missing)}", remedy)
    more = sorted(one for one in given if one not in wanted and one != "metadata")
    spare = f"; not needed: {', '.join(more)}" if more else ""
    return ok(name, f"{', '.join(f'{one}: {level}' for one, level in sorted(wanted.items()))}{spare}")


def events(name: str, given: Sequence[str], wanted: frozenset[str], remedy: str) -> Check:
    missing = sorted(wanted - set(given))
    if missing:
        return failure(name, f"not subscribed to: {', '.join(missing)}", remedy)
    return ok(name, ", ".join(sorted(wanted)))


def installation(data: Mapping[str, Any], wanted: Mapping[str, str], needed: frozenset[str]) -> list[Check]:
    """One installation of the App: its permissions and events follow the App's once its owner accepts them."""
    login = str((data.get("account") or {}).get("login") or data.get("id"))
    name = f"installation {login}"
    if data.get("suspended_at"):
        return [
            warning(name, "it is suspended: nothing happens there", "Its owner can lift that in GitHub's settings.")
        ]
    page = str(data.get("html_url") or "GitHub's settings of the installation")
    remedy = f"The owner of {login} accepts the App's new permissions at {page}."
    return [
        permissions(f"{name}: permissions", data.get("permissions") or {}, wanted, remedy),
        events(f"{name}: events", data.get("events") or (), needed, remedy),
    ]


def webhook(config: Mapping[str, Any], public_url: str | None) -> list[Check]:
    """The App's webhook, whose secret GitHub shows as asterisks if there is one."""
    found = str(config.get("url") or "")
    return [_address(found, public_url), _form(config), _secret(config)]


def _address(found: str, public_url: str | None) -> Check:
    name = "webhook: address"
    if not found:
        return failure(name, "the App has no webhook address", f"Set it in the App's settings; it ends in {HOOK}.")
    if public_url is None:
        return skipped(name, f"{found}; set ASSISTANT_PUBLIC_URL to have it compared")
    wanted = public_url.rstrip("/") + HOOK
    if found.rstrip("/") != wanted:
        return failure(name, f"it is {found}, not {wanted}", f"Set it to {wanted} in the App's settings.")
    return ok(name, found)


def _form(config: Mapping[str, Any]) -> Check:
    name = "webhook: form"
    if config.get("content_type") != "json":
        return failure(
            name, "deliveries come as a form", "Choose the content type application/json in the App's webhook settings."
        )
    if str(config.get("insecure_ssl", "0")) != "0":
        return warning(name, "GitHub does not verify our certificate", "Enable SSL verification in the App's settings.")
    return ok(name, "JSON")


def _secret(config: Mapping[str, Any]) -> Check:
    name = "webhook: secret"
    if not config.get("secret"):
        return failure(
            name, "the App's webhook has no secret, so that every delivery is refused",
            "Enter the value of GITHUB_WEBHOOK_SECRET in the App's webhook settings.",
        )  # fmt: skip
    return ok(name, "set; GitHub does not tell whether it is ours")


def _level(name: object) -> int:
    return _LEVELS.get(str(name), 0)
