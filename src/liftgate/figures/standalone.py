"""A picture as a file of its own, which carries its style, and back within a page."""

from __future__ import annotations

import re

from liftgate.errors import DataError

STYLE = (
    "svg{background:#fff;color:#1a1d21;font:12.5px system-ui,'DejaVu Sans',sans-serif}"
    ".label{font-weight:600}.value{font-size:11.5px}.tick,.margin-text{font-size:11px}"
    ".axis{stroke:#8a9099}"
    "@media screen and (prefers-color-scheme:dark){svg{background:#1a1e22;color:#e7e9ec}}"
)
_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'
_MARK = "<!-- liftgate -->"
_INSIDE = re.compile(rf"(?:{_MARK})?<style>[^<]*</style>")


def standalone(svg: str) -> str:
    """Return a picture's markup as a file: with its namespace, and a style for light and dark.

    Raises:
        DataError: the markup is no picture of this package.
    """
    found = re.match(r"<svg [^>]*>", svg)
    if found is None or not svg.endswith("</svg>"):
        raise DataError("svg: expected the markup of one picture")
    opening = f"{found[0][:-1]}{_NAMESPACE}>"
    return f"{opening}{_MARK}<style>{STYLE}</style>{svg[found.end() :]}\n"


def inline(file: str) -> str:
    """Return the markup of a picture's file for the inside of a page, whose style it takes."""
    return _INSIDE.sub("", file.replace(_NAMESPACE, "", 1), count=1).strip()
