"""Templates, style sheet and script of the pages, at addresses that change with their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liftgate.documents.page import stylesheet
from liftgate.figures import visible

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_TYPES = {
    "style.css": "text/css",
    "rate.js": "text/javascript",
    "ui.js": "text/javascript",
    "ui.css": "text/css",
    "htmx.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_FILES = {"htmx.js": "vendor/htmx-2.0.11.min.js"}
"""Where a file lies that another project wrote; its licence and digest lie beside it."""


@cache
def asset(name: str) -> tuple[str, str] | None:
    """Return a static file's text and type, or None; the style begins with that of the reports."""
    if name not in _TYPES:
        return None
    text = (_HERE / "static" / _FILES.get(name, name)).read_text(encoding="utf-8")
    return (stylesheet() + text if name == "style.css" else text), _TYPES[name]


@cache
def address(name: str) -> str:
    """Return the address of a static file; it changes with the file."""
    found = asset(name)
    assert found is not None
    return f"/static/{hashlib.sha256(found[0].encode()).hexdigest()[:10]}/{name}"


def page(template: str, context: Mapping[str, Any]) -> str:
    """Return a page; every text in it is escaped, and what cannot be seen is named."""
    return _environment().get_template(template).render(**context)


def compiled(folder: str) -> None:
    """Compile the templates of a folder, so that no visitor waits for it."""
    environment = _environment()
    for name in environment.list_templates(filter_func=lambda name: name.startswith(folder)):
        environment.get_template(name)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def finalize(value: Any) -> Any:
        plain = isinstance(value, str) and not isinstance(value, Markup)
        return visible(value) if plain else value

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
    environment.globals["address"] = address
    environment.filters["svg"] = Markup  # figures escape their own text
    return environment
