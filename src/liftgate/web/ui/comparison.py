"""Two recorded arms side by side: the same pages as ``liftgate compare A B --ui``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from liftgate.errors import UnknownName
from liftgate.flow.comparison_view import Asked, Openings, decided_view
from liftgate.flow.recorded_sides import DOORS, RecordedSides
from liftgate.flow.shared_flags import flags_of, set_flag
from liftgate.web import answers, flips
from liftgate.web.ui.later import tell
from liftgate.web.ui.shell import (
    Page,
    Role,
    Site,
    Visitor,
    acting,
    as_twin,
    framed,
    patiently,
    visitor,
    whole,
)

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

FLAG = "/comparison/flag"
"""Where it is sent that an item is flagged for everybody, or no longer."""


def routes(site: Site) -> list[Route]:
    """Return the routes of the comparison."""
    from starlette.routing import Route

    site.addresses.add(DOORS.list)
    room = _Room(site)
    return [
        Route(DOORS.list, partial(_shown, site, room, _list)),
        Route(DOORS.list_json, partial(_as_json, site, room, flips.flips_of)),
        Route(DOORS.item, partial(_shown, site, room, _item)),
        Route(DOORS.item_json, partial(_as_json, site, room, _told)),
        Route(DOORS.codes, partial(_sheet, room)),
        acting(site, FLAG, partial(_flagged, room)),
    ]


class _Room:
    """The comparisons of a workspace that are open."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.openings = Openings(site.index, site.workspace)

    def of(self, asked: QueryParams) -> RecordedSides:
        """Return the comparison of an address."""
        study = asked.get("study", "")
        entry = whole(asked, "entry", 0) or self.openings.last(study)
        wanted = Asked(entry, asked.get("candidate") or None, asked.get("metric") or None)
        return self.openings.of(study, wanted, tell)

    def chooser(self, asked: QueryParams) -> dict[str, Any]:
        """Return the studies that can be compared."""
        text, number = asked.get("q", "")[:200], whole(asked, "page", 1)
        return decided_view(self.site.index, text=text, page=number)


def _shown(site: Site, room: _Room, write: Any, request: Request) -> Response:
    visitor(request, Role.READER)
    asked = request.query_params
    if not asked.get("study"):
        page = Page(DOORS.list, "ui/comparisons.html.j2", lambda *_: {})
        return answers.html(framed(site, request, page, room.chooser(asked)))
    page = Page(request.url.path, "ui/comparison.html.j2", lambda *_: {}, area=DOORS.list)
    return patiently(
        site, request, page, lambda: answers.html(write(site, request, room.of(asked)))
    )


def _list(site: Site, request: Request, sides: RecordedSides) -> str:
    page = Page(DOORS.list, "ui/comparison.html.j2", lambda *_: {})
    view = _about(sides) | flips.flips_of(sides, request.query_params)
    return framed(site, request, page, view)


def _item(site: Site, request: Request, sides: RecordedSides) -> str:
    page = Page(DOORS.item, "ui/comparison_item.html.j2", lambda *_: {}, area=DOORS.list)

    def written(most: int) -> str:
        return framed(site, request, page, _with_links(sides, request.query_params, most))

    return flips.richest(written)


def _as_json(site: Site, room: _Room, view: Any, request: Request) -> Response:
    asked = request.query_params

    def made() -> dict[str, Any]:
        if not asked.get("study"):
            return room.chooser(asked)
        sides = room.of(asked)
        return {**_about(sides), **view(sides, asked)}

    return as_twin(site, request, made)


def _flagged(room: _Room, _: Site, fields: Mapping[str, str], who: Visitor) -> str:
    """Flag an item for everybody, or take the flag off, and go back to it."""
    from starlette.datastructures import QueryParams

    query = fields.get("query", "")
    asked = QueryParams(query)
    sides = room.of(asked)
    item = asked.get("id", "")
    if item not in sides.place:
        raise UnknownName("compared item", item[:80], ())
    study, on = sides.study.study, fields.get("flagged") == "1"
    set_flag(room.site.workspace, study, item, decision=sides.entry, on=on, role=who.role.value)
    return f"{DOORS.item}?{query}"


def _sheet(room: _Room, request: Request) -> Response:
    visitor(request, Role.READER)
    return flips.codes(room.of(request.query_params), request.query_params)


def _about(sides: RecordedSides) -> dict[str, Any]:
    study, own = sides.study.study, sides.arms[1]
    shared = flags_of(sides.workspace, study)
    return {
        "study": study,
        "entry": sides.entry,
        "decision": urlencode({"study": study, "entry": sides.entry}),
        "shared": {
            "flags": {item: asdict(flag) for item, flag in shared.items()},
            "query": urlencode(
                [*sides.about, ("move", "all"), ("flagged", "1"), *(("flag", i) for i in shared)]
            ),
        },
        "candidates": [
            {
                "name": name,
                "chosen": name == own,
                "query": urlencode({"study": study, "entry": sides.entry, "candidate": name}),
            }
            for name in sides.study.candidates
        ],
    }


def _told(sides: RecordedSides, asked: QueryParams) -> Mapping[str, Any]:
    return flips.richest_view(lambda most: _with_links(sides, asked, most))


def _with_links(
    sides: RecordedSides, asked: QueryParams, most: int = flips.SHOWN[0]
) -> dict[str, Any]:
    """Return an item with the addresses of all that is known of its answers."""
    view = flips.flip_of(sides, asked, most)
    same = {"entry": sides.entry, "item": view["item"]}
    responses = [
        {"side": name, "address": f"/response?{urlencode({**same, 'arm': arm, 'repeat': 0})}"}
        for name, arm in zip(("the baseline", "the candidate"), sides.arms, strict=True)
    ]
    shared = flags_of(sides.workspace, sides.study.study).get(view["item"])
    return {**view, "responses": responses, "shared_flag": shared and asdict(shared)}
