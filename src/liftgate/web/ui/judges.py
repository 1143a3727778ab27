"""Judges against people, and batches of people's ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liftgate.errors import DataError
from liftgate.flow.judges_view import batch_view, judge_view, judges_view
from liftgate.web.ui.shell import Page, Role, Site, pages, whole

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.routing import Route


def routes(site: Site) -> list[Route]:
    """Return the routes of judges and raters; a batch's progress is for the lead alone."""
    return pages(
        site,
        Page("/judges", "ui/judges.html.j2", judges),
        Page("/judge", "ui/judge.html.j2", judge, area="/judges"),
        Page("/batch", "ui/batch.html.j2", batch, area="/judges", needs=Role.LEAD),
    )


def judges(site: Site, asked: QueryParams) -> dict[str, Any]:  # noqa: ARG001 - every view's door
    """Return calibrations, draws and batches."""
    return judges_view(site.workspace)


def judge(site: Site, asked: QueryParams) -> dict[str, Any]:
    """Return one calibration."""
    number = whole(asked, "entry", 0)
    if not number:
        raise DataError("entry: got nothing, expected that of a calibration: /judge?entry=N")
    return judge_view(site.workspace, number)


def batch(site: Site, asked: QueryParams) -> dict[str, Any]:
    """Return one batch as its lead sees it."""
    name = asked.get("name", "")
    if not name:
        raise DataError("name: got nothing, expected a batch's name: /batch?name=NAME")
    return batch_view(site.workspace, name)
