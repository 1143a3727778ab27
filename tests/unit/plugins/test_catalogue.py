from __future__ import annotations

import json

from click.testing import CliRunner

from liftgate.cli.main import root
from liftgate.plugins import KINDS, catalogue, names


def test_the_catalogue_lists_every_name_of_every_kind_with_its_package() -> None:
    found = {(listing.kind, listing.name): listing for listing in catalogue()}
    assert set(found) == {(kind, name) for kind in KINDS for name in names(kind)}
    recall = found["scorers", "recall"]
    assert (recall.package, recall.place) == ("liftgate", "liftgate.scorers.retrieval:recall")


def test_the_command_prints_the_catalogue() -> None:
    shown = CliRunner().invoke(root, ["plugins"], standalone_mode=False)
    assert "scorers\n" in shown.output
    assert any(
        line.split()[:2] == ["recall", "liftgate"] for line in shown.output.splitlines() if line
    )
    body = json.loads(CliRunner().invoke(root, ["plugins", "--json"], standalone_mode=False).output)
    assert ("systems", "python") in [(p["kind"], p["name"]) for p in body["plugins"]]
    assert len(body["plugins"]) == len(catalogue())
