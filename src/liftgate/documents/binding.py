"""The grammar of a number-bound document: what is bound, what is exempt, and the rest.

A bound text stands between two comments, which no reader of Markdown shows::

    <!--=4:dense.primary#text-->+11.0 points (90 %: +8.9 to +13.1)<!--/-->

The first names its evidence, ``REFERENCE#FIELD`` (a reference as ``liftgate trace`` knows it), or
a constant that the template declares, ``constant:NAME``. Every other numeral must be exempt: dates
and times; versions; numbers of sections, tables, figures, list items and entries; numerals within
an identifier; whatever is quoted, that is in code, a block quote, a link's target or a comment.
Numbers written as words are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

from liftgate.figures import visible

CONSTANT = "constant:"
RECORD = "<!-- liftgate-document "
_BOUND = re.compile(r"<!--=(?P<name>[^<>]*?)-->(?P<text>.*?)<!--/-->")
_MARK = re.compile(r"<!--(?:=[^<>]*?|/)-->")
_COMMENT = re.compile(r"<!--.*?(?:-->|$)")
_CODE = re.compile(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)")
_TARGET = re.compile(r"\]\([^)\s]*\)|<https?://[^>\s]*>")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_EXEMPT = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z| UTC|[+-]\d{2}:\d{2})?)?"
    r"|\b\d{2}:\d{2}(?::\d{2})?(?: UTC|Z)\b"
    r"|\bv\d+(?:\.\d+)*\b|(?<![\d.,])\d+\.\d+\.\d+(?![\d,]|\.\d)"
    r"|\b(?:[Ss]ections?|[Tt]able|[Ff]igure|[Ee]ntry|[Ss]tep|ADR|RFC|ISO) \d+(?:\.\d+)*\b"
    r"|[^\W\d][\w-]*\d[\w-]*|\d+[\w-]*_[\w-]*"
)
_HEADING = re.compile(r"^( {0,3}#{1,6} +)\d+(?:\.\d+)*\.?(?= )|^( *)\d+[.)](?= )")
NUMERAL = re.compile(r"[+−-]?\d(?:[\d,.]*\d)?(?: ?%)?")


@dataclass(frozen=True)
class Found:
    """A bound text, or a numeral that is neither bound nor exempt."""

    line: int
    text: str
    name: str | None
    """``REFERENCE#FIELD`` or ``constant:NAME``; None: not bound."""


def bind(name: str, text: str) -> str:
    """Return a text of our own with the marks of its evidence; it becomes Markdown's plain text."""
    return f"<!--={encoded(name)}-->{plain_markdown(text)}<!--/-->"


def encoded(name: str) -> str:
    """Return a name as it stands in a mark or in an attribute: nothing in it can end either."""
    return quote(name, safe=":.#@/ ").replace("--", "%2D%2D")


def plain_markdown(text: str) -> str:
    """Return foreign text as one line of Markdown that means nothing but itself."""
    flat = " ".join(visible(text).split())
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    flat = re.sub(r"([\\`*_\[\]#|~$])", r"\\\1", flat)
    return re.sub(r"^(\d*)([-+.)])(?= |$)", r"\1\\\2", flat)


def unmarked(markdown: str) -> str:
    """Return the text that ``plain_markdown`` was given, as far as spaces do not matter."""
    text = _ESCAPED.sub(r"\1", markdown)
    for name, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(name, character)
    return " ".join(text.split())


def scan(markdown: str) -> Iterator[Found]:
    """Yield all bound texts, and all numerals that are neither bound nor exempt, in order."""
    for number, line in _prose(markdown):
        text = _CODE.sub(" ", line)
        for match in _BOUND.finditer(text):
            name = unquote(match["name"])
            yield Found(number, unmarked(match["text"]), name)
        rest = _BOUND.sub("\ue000", text)
        for mark in _MARK.finditer(rest):
            yield Found(number, mark[0], "")
        rest = _TARGET.sub("]", _COMMENT.sub(" ", rest))
        rest = _HEADING.sub(" ", unmarked_line(rest))
        for match in NUMERAL.finditer(_EXEMPT.sub(" ", rest)):
            yield Found(number, match[0], None)


def unmarked_line(line: str) -> str:
    """Return a line without Markdown's escapes, its leading spaces kept."""
    return _ESCAPED.sub(r"\1", line)


def front_matter(markdown: str) -> str:
    """Return the YAML head of a document, which is machine-made and compared as a whole."""
    found = re.match(r"---\n(?s:.*?)\n---\n", markdown)
    return found[0] if found else ""


def marked(markdown: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield start, end, name and Markdown text of all bound texts of one line of Markdown."""
    hidden = _CODE.sub(lambda m: " " * len(m[0]), markdown)
    for match in _BOUND.finditer(hidden):
        text = markdown[match.start("text") : match.end("text")]
        yield match.start(), match.end(), unquote(match["name"]), text


def _prose(markdown: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that speak: no code block, no block quote, no comment of several lines."""
    fence, comment = "", False
    head = len(front_matter(markdown).split("\n")) - 1
    for number, line in enumerate(markdown.split("\n"), 1):
        if number <= head:
            continue
        if comment:
            comment = "-->" not in line
            continue
        opened = _FENCE.match(line)
        if fence:
            if opened and opened[1].startswith(fence) and not line.strip(" " + fence[0]):
                fence = ""
            continue
        if opened:
            fence = opened[1]
            continue
        if line.lstrip(" ").startswith(">"):
            continue
        comment = line.rfind("<!--") > line.rfind("-->")
        yield number, line
