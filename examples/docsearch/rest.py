"""From reStructuredText to sections: a small reader for documentation that Sphinx builds.

It knows as much of the markup as a search index needs: where headings are, and which characters of
a line a reader never sees. A section's body ends where the next heading of any level begins, so no
text belongs to two sections.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNDERLINE = re.compile(r"^([=\-~^\"'`#*+.:_])\1{2,}\s*$")
_BLANK = re.compile(r"^\s*$")
_TARGET = re.compile(r"^\s*(?:\.\. |__ )(?:_[^:]*:|_`[^`]*`:|__:|https?://)(?: .*)?$")
_HIDDEN = re.compile(
    r"^\s*\.\. (?:toctree|index|module|currentmodule|highlight|contents|image|figure)::"
)
_BARE_DIRECTIVE = re.compile(r"^\s*\.\. (?:code|code-block|console|sourcecode)::")
_OPTION = re.compile(r"^\s+:[a-z-]+:(?: .*)?$")
_COMMENT = re.compile(r"^\.\.(?: (?![a-z:_-]+::)[^_\[|].*)?$")
_DIRECTIVE = re.compile(r"^(\s*)\.\. [a-z:-]+::\s*")
_TITLED_ROLE = re.compile(r":[a-z:+-]+:`([^`<]+?)\s*<[^`>]+>`")
_BARE_LINK = re.compile(r":(?:ref|doc|numref):`[^`<]+`")
_SHORT_ROLE = re.compile(r":[a-z:+-]+:`~(?:[^`]*\.)?([^`.]+)`")
_ROLE = re.compile(r":[a-z:+-]+:`[!.]?([^`]+)`")
_LINK = re.compile(r"`([^`<]+?)\s*(?:<[^`>]+>)?`_{1,2}")
_CODE = re.compile(r"``([^`]+)``")
_TICKS = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Section:
    """One heading with the text directly under it."""

    path: str
    number: int
    """Counts the headings of a file from 1."""
    heading: str
    body: str

    @property
    def id(self) -> str:
        """The section's name: ``path#number``."""
        return f"{self.path}#{self.number}"


def plain(text: str) -> str:
    """Return a line as a reader sees it: labels kept, link targets and markup gone.

    A bare ``:ref:`` or ``:doc:`` shows the *heading* of another section, whose name in the source
    often repeats that heading; it is cut out altogether.
    """
    text = _TITLED_ROLE.sub(r"\1", text)
    text = _BARE_LINK.sub("", text)
    text = _SHORT_ROLE.sub(r"\1", text)
    text = _ROLE.sub(r"\1", text)
    text = _CODE.sub(r"\1", text)
    text = _LINK.sub(r"\1", text)
    text = _TICKS.sub(r"\1", text)
    return " ".join(text.replace("**", "").replace("\\", "").split())


def _is_heading(lines: list[str], at: int) -> bool:
    """Whether line ``at`` (0-based) is a title with an underline below it."""
    if at + 1 >= len(lines):
        return False
    title, rule = lines[at], lines[at + 1]
    if not title.strip() or title[0].isspace() or UNDERLINE.match(title):
        return False
    if not UNDERLINE.match(rule) or len(rule.rstrip()) < len(title.rstrip()):
        return False
    before = lines[at - 1] if at else ""
    return not before.strip() or before.strip() == rule.strip()


def _headings(lines: list[str]) -> list[tuple[int, int]]:
    """Return (first line of the heading, first line of its body) of every heading."""
    found = []
    for at in range(len(lines)):
        if _is_heading(lines, at):
            overlined = at > 0 and bool(UNDERLINE.match(lines[at - 1]))
            found.append((at - 1 if overlined else at, at + 2))
    return found


def visible(lines: list[str]) -> str:
    """Return the text of some lines as a reader sees it, one line a non-empty line."""
    kept: list[str] = []
    hidden_from: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if hidden_from is not None and (not line.strip() or indent > hidden_from):
            continue
        hidden_from = None
        if _HIDDEN.match(line) or _COMMENT.match(line):
            hidden_from = indent
            continue
        if any(mark.match(line) for mark in (_BLANK, _TARGET, _OPTION, _BARE_DIRECTIVE)):
            continue
        kept.append(plain(_DIRECTIVE.sub(r"\1", line)))
    return "\n".join(text for text in kept if text)


def sections(path: str, source: str) -> list[Section]:
    """Split a file into its sections, in order; text before the first heading belongs to none."""
    lines = source.splitlines()
    marks = _headings(lines)
    starts = [*(start for start, _ in marks), len(lines)]
    return [
        Section(path, number, plain(lines[body - 2]), visible(lines[body : starts[number]]))
        for number, (_, body) in enumerate(marks, start=1)
    ]
