"""Prompts made of an item's input parts: ``{part}`` stands for a part, ``{{part}}`` for itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from liftgate.errors import DataError
from liftgate.records import Json

_PART = re.compile(r"\{\{(\w+)\}\}|\{(\w+)\}")


def filled(template: Any, parts: Mapping[str, Json]) -> Any:
    """Return a template, of text or of any JSON shape, with its parts filled in.

    A text that is nothing but ``{part}`` becomes the part itself; inside other text, a part that is
    no text is written as JSON. Other braces stay as they are.

    Raises:
        DataError: it names a part that the item has not.
    """
    if not isinstance(template, str):
        if isinstance(template, (list, tuple)):
            return [filled(value, parts) for value in template]
        if isinstance(template, Mapping):
            return {key: filled(value, parts) for key, value in template.items()}
        return template
    if "{" not in template:
        return template
    whole = _PART.fullmatch(template)
    if whole is not None and whole[2]:
        return _part(whole[2], parts)
    return _PART.sub(lambda found: _written(found, parts), template)


def _written(found: re.Match[str], parts: Mapping[str, Json]) -> str:
    if found[1]:
        return f"{{{found[1]}}}"
    value = _part(found[2], parts)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _part(name: str, parts: Mapping[str, Json]) -> Json:
    if name not in parts:
        raise DataError(
            f"the template names {{{name}}}; the item has only: {', '.join(sorted(parts))}",
            hint=f"write {{{{{name}}}}} for the characters themselves",
        )
    return parts[name]
