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
    "it says so itself": (
        "Critical security vulnerability in login",
        "I found a vulnerability that lets any user become admin. PoC: send role=admin in the sign-up form.",
    ),
    "it says so in the text": ("Login", "We have found a serious security hole: anybody can become admin with it."),
    "asked to be fixed": ("Please fix SQL injection in search", "The q parameter goes unescaped into the query."),
    "asked": ("Question: remote code execution via template", "{{7*7}} is evaluated, the PoC is attached."),
    "to be improved": ("Improve: XSS in comments", "A script runs for everybody who reads it."),
    "supported by mistake": (
        "Support for uploads allows arbitrary file write",
        "With ../ in the name it is overwritten.",
    ),
    "after an update": ("SQL injection in search", "It returns all rows. I tried after the update to 2.3."),
    "updated and still there": (
        "Remote code execution in upload",
        "Upload a file. I updated to 2.3 from 2.2 and it is still there. It is similar to CVE-2021-1234.",
    ),
    "an update that is attacked": ("Update endpoint allows SQL injection", "The id goes unescaped into the query."),
    "found by a scanner in this code": ("XSS in comments", "CodeQL shows it. Vulnerable versions are those below 2.3."),
    "a leak, what is leaked first": (
        "Security issue: session token leaked in the logs",
        "The access token of every user is written to the public log. An attacker could use it.",
    ),
    "somebody who would report it": (
        "Vulnerability disclosure",
        "I would like to report a vulnerability in your API. How can I contact you privately?",
    ),
    "somebody who says so in the title": ("I want to report a vulnerability", "Anybody becomes admin with it."),
    "somebody who reports it": ("Login", "We are reporting a security vulnerability: anybody becomes admin with it."),
    "where one filters": ("SQL injection in the filter box", "It returns all the rows of the table."),
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
    "a wish for a token": ("How can I fix CSRF token missing?", "The form says this when I send it."),
    "an error of a framework": ("CSRF verification failed", "I get this after a login with the old page."),
    "protection": ("Please protect the search against SQL injection", "It would be good to have prepared statements."),
    "a way to be safe": ("How to prevent XSS in templates?", "I would like to know what is escaped by the engine."),
    "an upgrade": ("Upgrade the parser to 3.5 to fix XSS", "It is the newest one."),
    "a scanner's list": (
        "Security vulnerabilities in the image",
        "Our vulnerability scanner lists openssl and curl, please use the new ones.",
    ),
    "a known one by its number": ("Security vulnerability in lodash", "This is CVE-2021-23337, use the newest one."),
    "a way to tell": ("How do I report a vulnerability?", "There is no policy and I would like to do it in private."),
    "what a program is about": ("Vulnerability database download fails", "The request times out in the proxy."),
    "a wish to scan": ("[Feature] vulnerability scanning of models", "It should look for a malicious pickle."),
    "a question": ("How do I report a security issue?", "I think that I found something."),
    "tokens of a language": ("Tokenizer leaks memory", "The access token counter grows and the memory is never freed."),
    "authentication that fails": ("Login fails with OAuth", "After the update, authentication does not work any more."),
    "a password that is shown": (
        "Password is exposed in the settings form as plain text",
        "The password field shows the password as plain text while I type. It should be masked.",
    ),
    "a wish to report": ("Document how we want to report a vulnerability", "The page about it is out of date."),
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
