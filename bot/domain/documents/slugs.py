"""Names of headings: GitHub's, and those of docutils."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator


def slug(heading: str) -> str:
    """GitHub's name of a heading: lower case, letters, marks, digits, `_` and `-` kept, each space a `-`."""
    return "".join("-" if char == " " else char for char in heading.lower() if char in " -" or _is_word(char))


def numbered(names: Iterable[str]) -> Iterator[str]:
    """The names in order, the second of the same name as `name-1`, the third as `name-2`, and so on."""
    seen: Counter[str] = Counter()
    for name in names:
        yield f"{name}-{seen[name]}" if seen[name] else name
        seen[name] += 1


def docutils_id(title: str) -> str:
    """The id that docutils makes of a title: ASCII letters and digits, everything else one `-`."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-").lstrip("-0123456789")


def _is_word(char: str) -> bool:
    # Ruby's \p{Word}, with which GitHub filters headings; Python's \w lacks marks and has more numbers.
    category = unicodedata.category(char)
    return category[0] in "LM" or category in ("Nd", "Pc")
