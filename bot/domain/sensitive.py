"""Whether a report looks like one about a vulnerability: it is then neither repeated nor enlarged upon in public."""

import re
from functools import lru_cache
from typing import Final

from bot.domain.facts import Item
from bot.domain.language import Language, language
from bot.domain.report import MAX_CHARS

LEFT_ALONE: Final = "it may be about a security problem"
"""The reason of whoever leaves such a report alone."""

_ENOUGH: Final = 3.0
_TITLE_FACTOR: Final = 1.5
_REMEMBERED: Final = 32
"""Items that are not looked through again: every capability and the gate ask about the same one."""

_ATTACKS: Final = re.compile(
    r"\b(?:remote(?:ly)? (?:code|command) execution|RCE|arbitrary (?:code|commands?|files?) (?:execution|read|write|up"
    r"load|overwrite|deletion)|execut\w+ arbitrary (?:code|commands?|java ?script|sql)|(?:sql|os command|command|code|"
    r"template|header|ldap|shell|crlf) injection|cross[- ]site (?:scripting|request forgery)|XSS|SSRF|XXE|"
    r"CSRF(?![- _](?:tokens?|verif\w+|validation|cookies?|errors?|fail\w*|middleware|trusted|exempt|mismatch)\b)|IDOR|"
    r"(?:path|directory) traversal|privilege escalation|session fixation|open redirect|request smuggling|zip[- ]slip|"
    r"(?:authentication|authori[sz]ation|auth|login|access control|permission check|sandbox) (?:bypass|escape)|"
    r"bypass\w* (?:the )?(?:authentication|authori[sz]ation|auth|login|access controls?|permissions?|sandbox)|"
    r"prototype pollution|insecure deseriali[sz]ation|(?:deseriali[sz]|unpickl)\w+ (?:of )?untrusted|ReDoS|"
    r"(?:leak|expos|disclos)\w* (?:of )?(?:the |a |their |other users'? )?(?:secrets?|credentials?|passwords?|"
    r"(?:api|private) keys?|access tokens?|session tokens?))\b",
    re.IGNORECASE,
)
_MEMORY: Final = re.compile(
    r"\b(?:use[- ]after[- ]free|double[- ]free|(?:heap|stack|buffer)[- ](?:buffer[- ])?overflow|out[- ]of[- ]bounds "
    r"(?:read|write)|denial[- ]of[- ]service|information (?:leak|disclosure))\b",
    re.IGNORECASE,
)
_LEAKED: Final = re.compile(
    r"\b(?:secrets?|credentials?|passwords?|(?:api|private) keys?|(?:access|session) tokens?) (?:\w+ ){0,2}"
    r"(?:leak|expos|disclos)\w*",
    re.IGNORECASE,
)
_HOSTILITY: Final = (
    re.compile(r"\battackers?\b", re.IGNORECASE),
    re.compile(r"\b(?:malicious|hostile|crafted|untrusted)(?:ly)? \w+", re.IGNORECASE),
    re.compile(r"\bexploit(?:s|ed|able|ation|ing)?\b", re.IGNORECASE),
    re.compile(r"\b(?:proof[- ]of[- ]concept|PoC)\b", re.IGNORECASE),
    re.compile(r"\b(?:security (?:vulnerabilit|hole|flaw|bug|issue|problem|advisor)|vulnerabilit|vulnerable)", re.I),
    re.compile(r"\b(?:CVSS|CWE-\d+|zero[- ]day|0[- ]day|bug bounty|responsible disclosure|embargo)", re.IGNORECASE),
)
_VULNERABILITY: Final = r"(?:security )?vulnerabilit(?:y|ies)"
_DECLARED_TITLE: Final = re.compile(
    rf"\bsecurity vulnerabilit(?:y|ies)\b|^\W*vulnerability\W*$|"
    rf"\bvulnerability (?:in|with|via|through|when|that|allow\w*)\b|"
    rf"\b(?:critical|serious|severe|major|potential|possible|found|discovered) {_VULNERABILITY}\b",
    re.IGNORECASE,
)
_DECLARED: Final = re.compile(
    rf"\b(?:I|we)(?:['’]ve| have)? (?:\w+ )?(?:found|discovered|identified|noticed) "
    rf"(?:an?|the|this|some|two|several|multiple) (?:\w+ ){{0,2}}?"
    rf"(?:{_VULNERABILITY}|security (?:hole|flaw|issue|bug|problem))|"
    rf"\b(?:I|we)(?:['’](?:d|m|re)| would| am| are)? (?:(?:like|want|wish|need|writing) to (?:\w+ )?report|reporting) "
    rf"(?:an?|the|this|some|two|several|multiple) (?:\w+ ){{0,2}}?{_VULNERABILITY}\b",
    re.IGNORECASE,
)
_SCANNED: Final = re.compile(
    r"\b(?:grype|sonarqube|black ?duck|veracode|codeql|(?:vulnerability|security|image|dependency) scan\w*|"
    r"vulnerab\w+ (?:in (?:\w+ ){0,3})?dependenc\w+|vulnerable (?:package|librar)\w*)\b",
    re.IGNORECASE,
)
_PUBLIC: Final = re.compile(
    r"(?<!similar to )(?<!\blike )\b(?:CVE-\d{4}-\d+|GHSA(?:-\w{4}){3})|"
    r"\b(?:npm audit|pip-audit|dependabot|renovate|snyk|trivy)\b",
    re.IGNORECASE,
)
_UPGRADE: Final = re.compile(
    r"^\W*(?:bump|upgrade|update)\w* (?:\S{1,60} ){0,3}(?:to|from|version|dependenc)", re.IGNORECASE
)
_WISH: Final = re.compile(
    r"^\W*(?:\[?(?:feature|request|docs?|question|proposal)\b|(?:add|support|allow|document|improve|how|why|what|should|"
    r"can|please)\b)",
    re.IGNORECASE,
)
_PROTECTION: Final = re.compile(
    r"^\W*\[?(?:feature|request|docs?|proposal|add|allow|document)\b|"
    r"\b(?:protect\w*|prevent\w*|mitigat\w*|harden\w*|avoid\w*|against|saniti[sz]\w*)\b",
    re.IGNORECASE,
)


def is_sensitive(item: Item) -> bool:
    """Whether this is an issue that looks like the report of a vulnerability. Pull requests show everything anyway."""
    return not item.is_pull and _remembered(item.title, item.body)


def looks_sensitive(title: str, body: str) -> bool:
    """Whether the text speaks of an attack and of who could make it, or calls itself the report of a vulnerability.
    English only: elsewhere the rules know nothing.

    Known vulnerabilities of dependencies are public already, and wishes for more security are no reports.
    """
    text = body[:MAX_CHARS]  # guard: long-reports-of-attacks (25): without [:MAX_CHARS]
    score = max(_attack(title) * _TITLE_FACTOR or _attack(text), 2.0 * _declares(title, text))
    score += sum(bool(one.search(title) or one.search(text)) for one in _HOSTILITY)
    score -= 2.0 * bool(_PUBLIC.search(title) or _PUBLIC.search(text) or _UPGRADE.search(title))
    score -= 1.5 * _wishes(title, text)
    return score >= _ENOUGH and language(f"{title}\n{text}") is not Language.OTHER


_remembered: Final = lru_cache(_REMEMBERED)(looks_sensitive)


def _attack(text: str) -> float:
    return 2.0 if _ATTACKS.search(text) else 1.0 if _MEMORY.search(text) or _LEAKED.search(text) else 0.0


def _declares(title: str, text: str) -> bool:
    """Whether it calls itself the report of a vulnerability, and not of what a scanner says of something else."""
    declared = _DECLARED_TITLE.search(title) or _DECLARED.search(title) or _DECLARED.search(text)
    return bool(declared) and not (_SCANNED.search(title) or _SCANNED.search(text))


def _wishes(title: str, text: str) -> bool:
    """A title that begins like a wish or a question; not where it names an attack, unless to be protected from it."""
    if not _WISH.search(title):
        return False
    return bool(_PROTECTION.search(title)) or not (_ATTACKS.search(title) or _DECLARED.search(text))
