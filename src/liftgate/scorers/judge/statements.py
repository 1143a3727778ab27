"""Statements of an answer, split by code: the same answer always gives the same statements.

A statement ends at a line break, and at ``.``, ``!`` or ``?`` (closing quotes, brackets and
citations such as [2] included) before white space and an upper-case letter, digit, quote or
bracket; not after a single letter or a usual abbreviation. Marks of lists and
headings are no part of it, and what holds no letter or digit is none.
"""

from __future__ import annotations

import re

_END = re.compile(
    r"""(?<=[.!?])(?P<close>["'”’)\]]*(?:\s?\[\d+(?:,\s?\d+)*\])*)\s+(?!\[\d)(?=["'“‘(\[]*[A-Z0-9À-ÖØ-Þ])"""
)
_MARK = re.compile(r"^\s*(?:[-*•+>]|#{1,6}|\d{1,3}[.)]|[a-z][.)])\s+")
_OPEN = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|e\.g|i\.e|cf|vs|etc|Mr|Mrs|Ms|Dr|Prof|St|No|Fig|approx)\.$"
)
_SAYS = re.compile(r"[^\W_]")


def split(text: str) -> list[str]:
    r"""Return the statements of an answer, in their order.

    >>> split("The pump failed [1]. Dr. Ray, e.g., saw it.\n- It was replaced.")
    ['The pump failed [1].', 'Dr. Ray, e.g., saw it.', 'It was replaced.']
    """
    found = []
    for line in text.splitlines():
        rest, start = _MARK.sub("", line).strip(), 0
        for match in _END.finditer(rest):
            if _OPEN.search(rest[start : match.start()]):
                continue
            found.append(rest[start : match.end("close")].strip())
            start = match.end()
        found.append(rest[start:].strip())
    return [one for one in found if _SAYS.search(one)]
