"""The audit trail: every entry of the ledger, one entry, and verifying it now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liftgate.errors import DataError
from liftgate.flow.audit_view import audit_view, entry_view, verify_view
from liftgate.web.ui.later import tell
from liftgate.web.ui.shell import Page, Site, pages, whole

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.routing import Route


def routes(site: Site) -> list[Route]:
    """Return the routes of the audit trail."""
    return pages(
        site,
        Page("/audit", "ui/audit.html.j2", audit),
        Page("/audit/entry", "ui/entry.html.j2", entry, area="/audit"),
        Page("/audit/verify", "ui/verify.html.j2", verify, area="/audit"),
    )


def audit(site: Site, asked: QueryParams) -> dict[str, Any]:
    """Return entries from the newest."""
    return audit_view(
        site.index,
        kind=asked.get("kind", "")[:80],
        text=asked.get("q", "")[:200],
        before=whole(asked, "before", 0) or None,
    )


def entry(site: Site, asked: QueryParams) -> dict[str, Any]:
    """Return one entry."""
    number = whole(asked, "n", 0)
    if not number:
        raise DataError("n: got nothing, expected an entry's number: /audit/entry?n=N")
    return entry_view(site.index, site.workspace, number)


def verify(site: Site, asked: QueryParams) -> dict[str, Any]:  # noqa: ARG001 - every view's door
    """Verify the ledger and the files now."""
    return verify_view(site.workspace, tell)
