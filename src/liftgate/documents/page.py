"""One self-contained page: templates with escaping, a strict content policy and a size limit."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liftgate.canon import short
from liftgate.documents.numbers import plot_rows
from liftgate.documents.words import Badge
from liftgate.errors import LiftgateError
from liftgate.figures import escape, visible

if TYPE_CHECKING:
    from jinja2 import Environment

MAX_BYTES = 300_000
_TONES = {"good": "#0b6b57", "bad": "#a8330b", "open": "#6d5200", "quiet": "#565d66"}
_GLYPHS = {"yes": "M4 8.5l3 3 5-6.5", "no": "M5 5l6 6M11 5l-6 6", "open": "M5 8h6", "none": ""}
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Budget:
    """How much of the unbounded things a page shows; whatever is left out is counted on it."""

    text: int
    """Characters of an item's text."""
    prose: int
    """Characters of any other text that comes from outside."""
    rows: int
    """Item rows of one direction of one candidate."""
    listed: int
    """Entries of any other list."""
    lean: bool = False
    """Without the small pictures in table cells and without tables that repeat others."""


BUDGETS = (
    Budget(text=1200, prose=3000, rows=20, listed=100),
    Budget(text=600, prose=2000, rows=20, listed=50),
    Budget(text=300, prose=1000, rows=20, listed=30),
    Budget(text=160, prose=600, rows=10, listed=20),
    Budget(text=120, prose=400, rows=5, listed=10, lean=True),
    Budget(text=80, prose=200, rows=0, listed=5, lean=True),
)


@dataclass(frozen=True)
class Cut:
    """The part of a list that is shown, and how many there were."""

    shown: tuple[Any, ...]
    total: int

    @property
    def left_out(self) -> int:
        """Return how many entries are not shown."""
        return self.total - len(self.shown)


def cut(values: Any, most: int) -> Cut:
    """Return the first entries of a list with its whole length."""
    rows = tuple(values)
    return Cut(rows[:most], len(rows))


def clip(text: str, most: int) -> str:
    """Return a text made visible and cut, with its whole length said when it was cut."""
    shown = visible(text[:most])
    if len(text) <= most and len(shown) <= 2 * most:
        return shown
    kept = most
    while len(shown) > 2 * most:  # named characters take eight places each
        kept //= 2
        shown = visible(text[:kept])
    return f"{shown}… [{kept:,} of {len(text):,} characters shown]"


def fit(build: Callable[[Budget], str]) -> str:
    """Return the richest page that keeps to ``MAX_BYTES``.

    Raises:
        LiftgateError: even the barest page is too large.
    """
    size = 0
    for budget in BUDGETS:
        page = build(budget)
        size = len(page.encode("utf-8"))
        if size <= MAX_BYTES:
            return page
    raise LiftgateError(
        f"the page needs {size:,} bytes without any item text, expected at most {MAX_BYTES:,}",
        hint="fewer candidates, claims or slices in one study make a page that can be read",
    )


def render_page(template: str, context: Mapping[str, Any], budget: Budget) -> str:
    """Return one HTML page; every text in it is escaped, made visible and bounded."""
    css = stylesheet()
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest()).decode("ascii")
    page = _environment(budget).get_template(template)
    return page.render(**context, budget=budget, css=css, css_digest=digest)


def plain_page(title: str, inner: str, *, sort: str, after: str = "") -> str:
    """Return a page with the report's style around markup that is made already.

    Args:
        title: any text.
        inner: markup.
        sort: of the page, in a word, as ``outputs`` knows it again.
        after: what stands behind it, such as the record of a build.
    """
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="generator" content="liftgate {sort}">'
        f"<title>{escape(title)}</title><style>{stylesheet()}</style></head>\n"
        f'<body><main class="wrap document">\n{inner}</main>\n{after}</body></html>\n'
    )


def badge_icon(badge: Badge) -> str:
    """Return the tab's icon as a data address: the decision's sign on its colour."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
        f'<rect width="16" height="16" rx="4" fill="{_TONES[badge.tone]}"/>'
        f'<path d="{_GLYPHS.get(badge.icon, "")}" fill="none" stroke="#fff" stroke-width="2"/>'
        "</svg>"
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")


def file_name(stem: str) -> str:
    """Return the name of a page's file; nothing in a study's name can leave the folder."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-") + ".html"


@cache
def stylesheet() -> str:
    """Return the one style sheet of all pages."""
    return (_TEMPLATES / "style.css").read_text(encoding="utf-8")


@cache
def _environment(budget: Budget) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    def finalize(value: Any) -> Any:
        """No template can forget it: what is not markup of our own is made safe to look at."""
        if isinstance(value, str) and not isinstance(value, Markup):
            return clip(value, budget.prose)
        return value

    def reference(text: str) -> Markup:
        """A ledger reference, which may break before a dot and nowhere else."""
        pieces = clip(text, budget.prose).split(".")
        return Markup('<code class="ref">{}</code>').format(Markup("<wbr>.").join(pieces))

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
    environment.filters["clip"] = lambda text: escape(clip(text, budget.text))
    environment.filters["svg"] = Markup  # figures escape their own text
    environment.filters["css"] = Markup
    environment.filters["short"] = short
    environment.filters["plot_rows"] = plot_rows
    environment.filters["ref"] = reference
    environment.globals["lean"] = budget.lean
    return environment
