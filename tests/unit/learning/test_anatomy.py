"""A body taken apart, and its words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.anatomy import dissect
from bot.learning.views import views
from bot.learning.words import addresses, grams, pieces, words

BODY = """<!-- Thank you for
reporting! -->
### Issue type

Bug

**Which system?** Linux

- [x] I searched
- [ ] I will help
Version: 2.0.1
1. Open it
> a quote

```python
# no heading
print(1)
```
    indented()
_No response_
"""


def test_a_body_is_taken_apart() -> None:
    found = dissect(BODY)
    assert found.headings == ("issue type", "which system?")
    assert found.answers == (("issue type", "bug"), ("version", "2.0.1"))
    assert found.code == ("# no heading", "print(1)")
    assert found.languages == ("python",)
    assert found.comments == (" Thank you for\nreporting! ",)
    assert found.prose == ("Bug", "Linux", "Version: 2.0.1", "1. Open it", "> a quote", "indented()")
    assert (found.done_tasks, found.open_tasks, found.items, found.quotes, found.indented) == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("body", ["", "```", "<!--", "<!-- a -->", "\r\n\r\n", "# ", "****", "** **"])
def test_nearly_nothing(body: str) -> None:
    assert dissect(body).prose in {(), ("#",), ("****",), ("** **",)}


def test_what_varies_is_made_alike() -> None:
    found = words("See https://a.example/b, v1.2.3, 0123abcd, #12 and @someone: DON’T?")
    assert found == ["see", "<url>", "<version>", "<hash>", "<reference>", "and", "<mention>", "don't", "?"]
    assert words("defaced facade") == ["defaced", "facade"]


def test_pieces_and_runs() -> None:
    assert pieces("Ab c", 2, 3) == [" a", "ab", "b ", " ab", "ab ", " c", "c ", " c "]
    assert grams(["a", "b", "c"], 2) == ["a", "b", "c", "a b", "b c"]
    assert addresses("HTTPS no; https://A.example/X)") == [("a.example", "/x")]


@given(st.text(max_size=500), st.text(max_size=5_000))
def test_any_text_has_views(title: str, body: str) -> None:
    assert views(title, body)["shape"]


@pytest.mark.parametrize(
    "unit", ["*", "**a", "<!--", "[", "a:", "`", "0a", "- [ ] ", "\n#", "at ", "\t", "https://", "<"]
)
def test_time_grows_with_the_text_only(unit: str) -> None:
    body = unit * (60_000 // len(unit))
    started = time.process_time()
    views(body[:1_000], body)
    assert time.process_time() - started < 3
