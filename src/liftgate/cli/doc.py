"""``liftgate doc``: documents whose numbers cannot drift from the ledger."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli import complete, options
from liftgate.cli.result import print_json, prints

if TYPE_CHECKING:
    from liftgate.flow.document import Checked


@click.group()
def doc() -> None:
    """Build documents from a decision, and check that their numbers are still true.

    A template binds every quantity to the ledger or declares it a constant; one that is typed does
    not build.
    """


@doc.command("list")
@prints("templates")
def list_(*, as_json: bool) -> int:
    """List the templates: those of the folder liftgate-templates, then the shipped ones.

    Exit codes: 0 listed, 2 wrong use, 3 the workspace is not one.
    """
    from liftgate.documents.compiled import SHIPPED
    from liftgate.flow.document import template_files
    from liftgate.store import Workspace

    found = template_files(Workspace.locate())
    whose = {name: "shipped" if path.parent == SHIPPED else "own" for name, path in found.items()}
    if as_json:
        print_json({"templates": whose})
        return 0
    for name, origin in whose.items():
        click.echo(f"{name:<24} {origin}")
    return 0


@doc.command()
@click.argument("template", shell_complete=complete.templates)
@options.STUDY_OR_NAME
@click.option("--out", type=options.FILE, required=True, help="Write FILE.md and FILE.html.")
@click.option(
    "--entry", type=click.IntRange(min=1), metavar="N", help="From this entry of the ledger."
)
@click.option("--arm", metavar="ARM", help="Of which a card speaks. Default: the recommended.")
@click.option(
    "--about", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="What people say and no ledger knows: of a dataset card, of a publication kit.",
)  # fmt: skip
@prints("template", "study", "entry", "leaf", "files")
def build(
    *,
    template: str,
    study: str,
    out: Path,
    entry: int | None,
    arm: str | None,
    about: Path | None,
    as_json: bool,
) -> int:
    """Build a document from a study's last decision, or from its lock.

    TEMPLATE is a name of liftgate doc list or a file that ends in .md.j2; STUDY a study file or a
    study's name. The experiment design and the dataset card are built from the lock, which may be
    before any decision.

    Exit codes: 0 built, 2 wrong use or a quantity that is not bound, 3 the ledger was altered.
    """
    from liftgate.flow.document import build_document
    from liftgate.store import Workspace

    made = build_document(
        Workspace.locate(), template, study, out=out, entry=entry, arm=arm, about=about
    )
    if as_json:
        files = [str(path) for path in made.paths]
        body = {"template": made.template, "study": made.study, "entry": made.entry}
        print_json({**body, "leaf": made.leaf, "files": files})
        return 0
    from liftgate.cli.text import visible

    click.echo(f"{visible(made.template)} of ledger entry {made.entry}, {visible(made.study)}:")
    for path in made.paths:
        click.echo(str(path))
    return 0


@doc.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
)
@prints("liftgate", "file?", "counts?", "findings?", "documents?", "…")
def check(*, files: tuple[Path, ...], as_json: bool) -> int:
    """Hold every number of built documents against the ledger as it is now.

    Each is supported, contradicted (the evidence says another), stale (newer evidence exists),
    unsupported (bound to no evidence) or ambiguous (not bound, and it could be several).

    Exit codes: 0 all are supported, 1 one is not, 2 wrong use, 3 the ledger or a file was altered.
    """
    from liftgate.flow.document import checker
    from liftgate.store import Workspace

    check_one = checker(Workspace.locate())
    found = [check_one(file) for file in files]
    if as_json:
        told = [one.as_json() for one in found]
        body = told[0] if len(told) == 1 else {"liftgate": 1, "documents": told}
        print_json(body)
    else:
        for file, one in zip(files, found, strict=True):
            _print_checked(file, one, named=len(files) > 1)
    return 1 if any(one.bad for one in found) else 0


def _print_checked(file: Path, found: Checked, *, named: bool) -> None:
    from liftgate.cli.text import visible

    stale: Counter[str] = Counter()
    for one in found.bad:
        if one.status.value == "stale":
            stale[one.message] += 1
            if stale[one.message] > 1:
                continue
        name = f" {one.name}" if one.name else ""
        said = f"{one.status.value}: {one.text!r}{name}: {one.message}"
        place = file.parent / one.file if one.file else file
        click.echo(visible(f"{place}:{one.line}: {said}"))
    for message, times in stale.items():
        if times > 1:
            click.echo(visible(f"{file}: {times - 1:,} more, stale as well: {message}"))
    counts = ", ".join(f"{number:,} {status}" for status, number in found.counts.items() if number)
    head = f"{file}: " if named else ""
    click.echo(visible(f"{head}{counts or 'no numbers'} (entry {found.entry})"))


@doc.command()
@click.argument("template", shell_complete=complete.templates)
@options.STUDY_OR_NAME
@click.option(
    "--from",
    "before",
    type=click.IntRange(min=1),
    required=True,
    metavar="N",
    help="The decision before, by its ledger entry.",
)
@click.option(
    "--to",
    "after",
    type=click.IntRange(min=1),
    metavar="N",
    help="The decision after. Default: the last.",
)
@prints("from", "to", "changes")
def diff(*, template: str, study: str, before: int, after: int | None, as_json: bool) -> int:
    """Show what a document says otherwise after another decision of the study.

    Exit codes: 0 shown, 2 wrong use, 3 the ledger was altered.
    """
    from liftgate.cli.text import visible
    from liftgate.flow.document import document_changes
    from liftgate.store import Workspace

    old, new, found = document_changes(
        Workspace.locate(), template, study, before=before, after=after
    )
    if as_json:
        keys = ("line", "name", "before", "after")
        rows = [dict(zip(keys, row, strict=True)) for row in found]
        print_json({"from": old, "to": new, "changes": rows})
        return 0
    for line, name, was, now in found:
        click.echo(visible(f"{line}: {name}: {was} -> {now}"))
    click.echo(f"{len(found):,} of its texts differ between entries {old} and {new}")
    return 0
