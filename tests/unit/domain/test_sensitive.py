"""Which reports look like ones about a vulnerability."""

import time

import pytest

from bot.domain.report import MAX_CHARS
from bot.domain.sensitive import looks_sensitive

SENSITIVE = {
    "in the title": (
        "Remote code execution by a crafted log file",
        "An attacker who can write the log can run commands on the server.",
    ),
    "injection": (
        "SQL injection in the search box",
        "Typing `' OR 1=1 --` lists every table. This vulnerability is in version 1.4.",
    ),
    "bypass": (
        "Anyone can read private notes",
        "This is an authentication bypass: with an empty cookie the check is skipped. It is easy to exploit.",
    ),
    "scripting": ("Stored XSS in comments", "A malicious user can store a script that runs for the admin."),
    "leak": (
        "Logs contain keys",
        "The debug log leaks API keys of all users. An attacker with access to the logs can use them.",
    ),
    "traversal": (
        "Path traversal when unpacking",
        "With a crafted archive, files outside the folder are written. Proof of concept below.",
    ),
    "memory": (
        "Heap buffer overflow in the parser",
        "A crafted image gives an attacker control; this security vulnerability has a CVSS of 9.",
    ),
}
ORDINARY = {
    "a crash": ("It crashes with a stack overflow", "Parsing a deep file gives `RecursionError`."),
    "a memory bug without an attacker": (
        "Use-after-free in the renderer",
        "AddressSanitizer shows heap-use-after-free when I close the window twice.",
    ),
    "a known one in a dependency": (
        "Upgrade requests because of CVE-2023-32681",
        "This vulnerability leaks credentials to an attacker on redirects; npm audit complains.",
    ),
    "a wish": (
        "Add protection against CSRF",
        "It would be good to have tokens so that a malicious page cannot send forms.",
    ),
    "a question": ("How do I report a security issue?", "I think that I found something."),
    "tokens of a language": ("Tokenizer leaks memory", "The access token counter grows and the memory is never freed."),
    "authentication that fails": ("Login fails with OAuth", "After the update, authentication does not work any more."),
    "a login page": ("Bypass proxy for localhost", "The proxy setting should be bypassed for local addresses."),
    "another language": (
        "Injection SQL dans la recherche",
        "Un attaquant peut lire toutes les tables avec une requête, c'est une faille XSS aussi, attacker exploit.",
    ),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("title", "body"), SENSITIVE.values(), ids=SENSITIVE)
def test_reports_of_vulnerabilities(title: str, body: str) -> None:
    assert looks_sensitive(title, body)


@pytest.mark.parametrize(("title", "body"), ORDINARY.values(), ids=ORDINARY)
def test_ordinary_reports(title: str, body: str) -> None:
    assert not looks_sensitive(title, body)


def test_a_hostile_text_costs_little() -> None:
    start = time.process_time()
    looks_sensitive("exploit " * 30, "upgrade a b c " * 5_000 + "malicious " * 5_000)
    assert time.process_time() - start < 1.0


def test_what_comes_after_the_cap_is_not_read() -> None:
    attack = " Remote code execution: an attacker runs commands by a crafted file."
    before = "It is slow when the file is long. " * (MAX_CHARS // 34)
    assert looks_sensitive("A bug", before[: -len(attack)] + attack)
    assert not looks_sensitive("A bug", before.ljust(MAX_CHARS) + attack)
