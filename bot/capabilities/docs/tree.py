"""The repository's paths, prepared for questions about links."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import PurePosixPath
from typing import Final

# fmt: off
SOURCES: Final = (
    ".md", ".markdown", ".mdx", ".rst", ".txt", ".ipynb", ".adoc", "/index.md", "/index.rst", "/README.md"
)
# fmt: on
_GENERATORS: Final = re.compile(
    r"(?:mkdocs|zensical|antora|_quarto|_config|book|hugo|docusaurus\.config|astro\.config|gatsby-config|nuxt\.config)"
    r"\.(?:ya?ml|toml|js|ts|mjs|json)|conf\.py|\.vitepress|\.eleventy\.js"
)
_GENERIC: Final = frozenset({"readme", "index", "__init__", "license", "conf", "main"})
_PLAIN: Final = re.compile(r"[\w./+-]+")
_DIGITS: Final = re.compile(r"\d+")
_SIBLINGS: Final = 500
_CLOSE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Tree:
    """All paths of the head; `by_folder` has the children, `generated` is whether a site is made."""

    paths: frozenset[str]
    by_folder: Mapping[str, tuple[str, ...]]
    by_name: Mapping[str, tuple[str, ...]]
    by_case: Mapping[str, tuple[str, ...]]
    generated: bool

    @classmethod
    def of(cls, paths: Iterable[str]) -> "Tree":
        """The tree of these paths, folders included."""
        known = frozenset(paths)
        names: defaultdict[str, list[str]] = defaultdict(list)
        cases: defaultdict[str, list[str]] = defaultdict(list)
        folders: defaultdict[str, list[str]] = defaultdict(list)
        for path in sorted(known):
            folder, _, name = path.rpartition("/")
            folders[folder].append(path)
            names[name].append(path)
            cases[path.casefold()].append(path)
        return cls(
            known,
            _fixed(folders),
            _fixed(names),
            _fixed(cases),
            any(_GENERATORS.fullmatch(name) for name in names),
        )

    def has(self, path: str) -> bool:
        """Whether the path exists, or may: below a submodule or a link nobody can tell."""
        if not path or path in self.paths:
            return True
        parents = (parent.as_posix() for parent in PurePosixPath(path).parents)
        return any(parent in self.paths and parent not in self.by_folder for parent in parents)

    def has_source(self, path: str) -> bool:
        """Whether a page at `path` can be made of a document that exists."""
        return any(_stem(path) + ending in self.paths for ending in SOURCES)

    def ends_with(self, path: str) -> bool:
        """Whether the path exists, or may, below some folder, which a site can take for its root."""
        wanted = (path, *(_stem(path) + ending for ending in SOURCES))
        found = [(one, self.by_name.get(one.rpartition("/")[2], ())) for one in wanted]
        many = any(len(paths) > _SIBLINGS for _, paths in found)
        return many or any(("/" + path).endswith("/" + one) for one, paths in found for path in paths)

    def moved(self, path: str, renamed: Mapping[str, str]) -> str | None:
        """The one file that is clearly meant by a path that does not exist, or None.

        It was renamed here, differs in case, has the name elsewhere, or nearly the name in the same folder.
        """
        candidates = (
            (renamed[path],) if path in renamed else (),
            self.by_case.get(path.casefold(), ()),
            self._namesakes(path),
            self._neighbours(path),
        )
        clear = next((found for found in candidates if found), ())
        usable = len(clear) == 1 and clear[0] in self.paths and _PLAIN.fullmatch(clear[0])
        return clear[0] if usable else None

    def _namesakes(self, path: str) -> tuple[str, ...]:
        name = path.rpartition("/")[2]
        generic = PurePosixPath(name).stem.lower() in _GENERIC or "." not in name
        return () if generic else self.by_name.get(name, ())

    def _neighbours(self, path: str) -> tuple[str, ...]:
        folder, _, name = path.rpartition("/")
        siblings = self.by_folder.get(folder, ())
        if len(siblings) > _SIBLINGS:
            return ()
        return tuple(one for one in siblings if alike(name, one.rpartition("/")[2]))


def alike(name: str, other: str, share: float = _CLOSE) -> bool:
    """Whether two names differ by a slip only; by a number is more than a slip."""
    if _DIGITS.findall(name) != _DIGITS.findall(other):
        return False
    matcher = SequenceMatcher(None, name, other, autojunk=False)
    ratios = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
    return all(ratio() >= share for ratio in ratios)


def _fixed(group: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(found) for name, found in group.items()}


def _stem(path: str) -> str:
    return path.removesuffix(".html").removesuffix(".htm")
