"""The page of formats names every file, every command and every plug-in that there is."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from liftgate import plugins
from liftgate.cli.main import root
from liftgate.documents import beside
from liftgate.ledger import statements
from tests.golden.written import FILES

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "formats.md"
WRITING = {"junit", "sarif", "export"}
"""Options that write a file in a format of others."""
OF_OUR_OWN = {"reproduce --export"}
"""It copies what a run captured, in no format of others."""
OWN_FORM = {"front": "pictures", "publication": "tables of a paper"}
"""Files beside a document that are in no format of this page."""


def rows():
    table = PAGE.read_text("utf-8").partition("|---|---|---|---|---|---|\n")[2].partition("\n\n")[0]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert all(len(row) == 6 for row in found)
    return found


def named(cell):
    return re.findall(r"`([^`]*)`", cell)


ROWS = rows()


def command(words):
    found, context = root, click.Context(root)
    for word in words:
        found = found.get_command(context, word) if isinstance(found, click.Group) else None
        if found is None:
            return None
    return found


def every_command(group=root, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        yield " ".join((*path, name)), found
        if isinstance(found, click.Group):
            yield from every_command(found, (*path, name))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_format_has_its_files_commands_and_a_validator(row) -> None:
    _, version, written, read, validator, golden = row
    assert version
    assert validator
    assert named(written) or named(read)
    for place in named(golden):
        assert (ROOT / place).exists() or (FILES / place).exists(), place
    assert named(golden)
    for told in (*named(written), *named(read)):
        words, _, option = told.partition(" --")
        parts = words.split()
        if parts[:2] == ["doc", "build"]:
            assert (ROOT / "src/liftgate/documents/shipped" / f"{parts[2]}.md.j2").is_file()
            parts = parts[:2]
        found = command(parts)
        assert found is not None, told
        assert not option or any(f"--{option}" in p.opts for p in found.params), told


def test_every_golden_file_belongs_to_a_format() -> None:
    places = [place for row in ROWS for place in named(row[5])]
    for path in FILES.rglob("*"):
        if path.is_file():
            file = path.relative_to(FILES).as_posix()
            assert any(file == place or file.startswith(f"{place}/") for place in places), file


def test_every_option_that_writes_a_format_stands_in_the_table() -> None:
    told = {text for row in ROWS for text in named(row[2])}
    found = {
        f"{name} --{option.name}"
        for name, one in every_command()
        for option in one.params
        if option.name in WRITING and isinstance(option, click.Option)
    }
    assert found
    assert found - OF_OUR_OWN <= told


def test_every_plugin_for_files_or_servers_of_others_stands_in_the_table() -> None:
    page = " ".join(row[0] for row in ROWS).lower().replace("-", " ")
    told = {"jsonl": "json lines", "ndjson": "json lines"}
    for kind in ("importers", "exporters", "registries"):
        for name in plugins.names(kind):
            form = name.rpartition(".")[2]
            assert told.get(form, form.replace("_", " ")) in page.replace("_", " "), name


def test_every_statement_and_every_file_beside_a_document_has_a_golden_one() -> None:
    for name in statements.PREDICATES:
        assert f"in-toto/{name}.json" in {place for row in ROWS for place in named(row[5])}
    with_golden = {"model-card", "croissant", "osf"}
    assert set(beside.SORTS) == with_golden | set(OWN_FORM)


def test_what_is_not_written_yet_is_said_and_stands_in_one_table_only() -> None:
    later = PAGE.read_text("utf-8").partition("## Not written and not read yet")[2]
    for name in ("OpenTelemetry", "OpenLineage", "flagd", "OpenSLO", "model-signing", "PRML"):
        assert name in later
        assert not any(name in row[0] for row in ROWS)
