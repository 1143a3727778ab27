"""A figure as PNG, in ink on paper."""

from __future__ import annotations

import re
import struct
import zlib
from typing import Any

from liftgate.errors import DataError
from liftgate.figures.figure import Figure
from liftgate.figures.standalone import standalone

WIDTH = 1200
"""Pixels across, unless another number is asked for: sharp on a slide."""
MOST = 8_000
FAMILIES = ("DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica", "Segoe UI")
"""One of them is on nearly every machine; resvg knows no generic name of its own."""
_MEDIA = re.compile(r"@media [^<]*\}\}")
"""A picture on paper has no dark form."""
_FONT = re.compile(r"(font:[\d.]+px )[^}]*")


def png(figure: Figure, *, width: int = WIDTH) -> bytes:
    """Return a figure as PNG, drawn by resvg (extra ``png``) with a sans serif of the machine.

    Args:
        figure: what to draw; its height follows from its shape.
        width: pixels across.

    Raises:
        DataError: resvg is not installed, no font is, or the width is no number of pixels.
    """
    if not 1 <= width <= MOST:
        raise DataError(f"width: got {width}, expected 1 to {MOST:,} pixels")
    try:
        import resvg_py
    except ImportError as error:
        raise DataError(
            "png: drawing PNG needs resvg, which is not installed",
            hint="pip install 'liftgate[png]', or write .svg",
        ) from error
    svg = _MEDIA.sub("", standalone(figure.svg))
    bare = _drawn(resvg_py, _without_text(svg), width, FAMILIES[0])
    if "</text>" not in svg:
        return _signed(bare)
    for family in FAMILIES:
        # resvg leaves out letters that it has no font for, and says nothing.
        if (made := _drawn(resvg_py, svg, width, family)) != bare:
            return _signed(made)
    raise DataError(
        f"png: no font for the words of the figure; looked for {', '.join(FAMILIES)}",
        hint="install one (Debian: apt-get install fonts-dejavu-core), or write .svg",
    )


def _drawn(resvg: Any, svg: str, width: int, family: str) -> bytes:
    # A style's list of names is not gone through to its end: one name is put in its place.
    named = _FONT.sub(rf"\1'{family}'", svg)
    return bytes(resvg.svg_to_bytes(svg_string=named, width=width, background="#ffffff"))


_AFTER_HEADER = 33
"""Bytes of a PNG's signature and of its first chunk, which is always the header."""


def _signed(made: bytes) -> bytes:
    """Say in a PNG's own words what made it."""
    chunk = b"tEXtSoftware\0liftgate"
    whole = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return made[:_AFTER_HEADER] + whole + made[_AFTER_HEADER:]


def _without_text(svg: str) -> str:
    return re.sub(r"<text.*?</text>", "", svg, flags=re.DOTALL)
