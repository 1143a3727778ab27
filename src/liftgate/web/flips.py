"""What both doors of a comparison share: how richly an item is shown, and the sheet of codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from liftgate.errors import LiftgateError
from liftgate.flow.flip_codes import sheet_of
from liftgate.flow.flip_look import Look
from liftgate.flow.flip_view import filter_of, item_view, list_view
from liftgate.web.answers import in_bytes

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.responses import Response

MAX_BYTES = 300_000
SHOWN = (20_000, 6_000, 2_000, 600, 150, 40)
"""Characters of one text, from the richest page to the barest."""


def flips_of(look: Look, asked: QueryParams) -> dict[str, Any]:
    """Return the flip table of an address."""
    return list_view(look, filter_of(look, asked.multi_items()))


def flip_of(look: Look, asked: QueryParams, most: int = SHOWN[0]) -> dict[str, Any]:
    """Return the item of an address, with so many characters of a text at most."""
    return item_view(look, filter_of(look, asked.multi_items()), asked.get("id", ""), most)


def richest(written: Callable[[int], str]) -> str:
    """Return an item's page, as richly as ``MAX_BYTES`` allow.

    Raises:
        LiftgateError: not even the barest page is small enough.
    """
    text = ""
    for most in SHOWN:
        text = written(most)
        if len(text.encode()) <= MAX_BYTES:
            return text
    raise LiftgateError(f"the page of this item has {len(text):,} characters without its texts")


def richest_view(view: Callable[[int], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what is told of an item as JSON, as richly as ``MAX_BYTES`` allow.

    Raises:
        LiftgateError: not even the barest is small enough.
    """
    size = 0
    for most in SHOWN:
        found = view(most)
        size = len(in_bytes(found))
        if size <= MAX_BYTES:
            return found
    raise LiftgateError(f"what is told of this item has {size:,} bytes without its texts")


def codes(look: Look, asked: QueryParams) -> Response:
    """Answer with the codes of an address as a sheet."""
    from starlette.responses import Response

    text = sheet_of(filter_of(look, asked.multi_items()))
    headers = {"content-disposition": 'attachment; filename="codes.csv"'}
    return Response(text.encode("utf-8", "replace"), media_type="text/csv", headers=headers)
