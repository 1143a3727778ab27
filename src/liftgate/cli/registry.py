"""``liftgate registry``: where models live, moved only by decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints
from liftgate.cli.text import visible

if TYPE_CHECKING:
    from liftgate.flow.registry_act import Act
    from liftgate.records import Entry

_ADDRESS = click.option(
    "--registry",
    "address",
    required=True,
    envvar="LIFTGATE_REGISTRY",
    metavar="PLUGIN:PLACE",
    help="E.g. mlflow:http://127.0.0.1:5000. Default: $LIFTGATE_REGISTRY.",
)
_ALIAS = click.option("--alias", default="champion", show_default=True, help="What is served.")
_FALLBACK = click.option(
    "--fallback", default="rollback", show_default=True, help="The alias that a rollback goes to."
)
_NO_FILES = click.option(
    "--no-files", is_flag=True, help="Do not read the version's files: no digest of them is kept."
)


@click.group()
def registry() -> None:
    """Move a model registry's aliases with a valid decision, and find moves without one."""


@registry.command()
@options.STUDY
@click.option("--model", required=True, metavar="MODEL", help="The registered model.")
@click.option(
    "--model-version",
    "version",
    required=True,
    metavar="VERSION",
    help="The version that is the candidate.",
)
@options.arm("Which candidate it is. Default: the only one that ships.", "candidates")
@_ALIAS
@_FALLBACK
@_NO_FILES
@options.TRUST
@_ADDRESS
@prints("entry", "registry", "model", "steps", "ground", "tagged", "…")
def promote(
    *,
    study: Path,
    model: str,
    version: str,
    arm: str | None,
    alias: str,
    fallback: str,
    no_files: bool,
    given: Path | None,
    address: str,
    as_json: bool,
) -> int:
    """Point the served alias at the version that a study's decision ships.

    The alias for a rollback gets the version that was served, as one act; the version gets the
    decision and the digest of its evidence as tags. Without a decision whose gate status is met,
    nothing moves, and the ledger tells of the attempt.

    Exit codes: 0 moved, 1 the decision does not allow it, 2 wrong use, 3 not what was locked.
    """
    from liftgate.flow.registry import Aliases, open_registry
    from liftgate.flow.registry import promote as move
    from liftgate.store import Workspace

    entry, act = move(
        study,
        open_registry(address),
        Workspace.locate(),
        model=model,
        version=version,
        candidate=arm,
        names=Aliases(alias, fallback),
        contents=not no_files,
        given=given,
    )
    _say(entry, act, as_json=as_json)
    if not as_json:
        click.echo(visible(_bound(act)))
    return 0


@registry.command()
@click.option("--model", required=True, metavar="MODEL", help="The registered model.")
@options.REASON
@_ALIAS
@_FALLBACK
@_ADDRESS
@prints("entry", "registry", "model", "steps", "ground", "tagged", "…")
def rollback(
    *, model: str, reason: str, alias: str, fallback: str, address: str, as_json: bool
) -> int:
    """Swap what is served with what came before it, at once and as one act.

    Exit codes: 0 swapped, 2 there is nothing to go back to, 3 the ledger was altered.
    """
    from liftgate.flow.registry import Aliases, open_registry, roll_back
    from liftgate.store import Workspace

    entry, act = roll_back(
        open_registry(address),
        Workspace.locate(),
        model=model,
        reason=reason,
        names=Aliases(alias, fallback),
    )
    _say(entry, act, as_json=as_json)
    return 0


@registry.command()
@click.argument("model")
@_ADDRESS
@prints("entry", "registry", "model", "steps", "ground", "tagged", "…")
def finish(*, model: str, address: str, as_json: bool) -> int:
    """Finish a move of aliases that was begun and cut short.

    Exit codes: 0 finished, 1 the aliases were moved meanwhile, 2 there is none, 3 the ledger was
    altered.
    """
    from liftgate.flow.registry import open_registry
    from liftgate.flow.registry_finish import finish as go_on
    from liftgate.store import Workspace

    entry, act = go_on(open_registry(address), Workspace.locate(), model=model)
    _say(entry, act, as_json=as_json)
    return 0


@registry.command(name="import")
@click.argument("runs", nargs=-1)
@click.option("--experiment", help="All runs of this experiment.")
@_ADDRESS
@prints("asked", "imported")
def import_(*, runs: tuple[str, ...], experiment: str | None, address: str, as_json: bool) -> int:
    """Keep what a tracking server says of training runs, so that a later change is seen.

    Exit codes: 0 kept, 2 wrong use or no such run, 3 the ledger was altered.
    """
    from liftgate.flow.registry import open_registry
    from liftgate.flow.registry_audit import import_runs
    from liftgate.store import Workspace

    if bool(runs) == (experiment is not None):
        raise click.UsageError("Name runs, or an --experiment.")
    opened = open_registry(address)
    asked = tuple(opened.runs(experiment)) if experiment is not None else runs
    made = import_runs(opened, Workspace.locate(), asked)
    if as_json:
        body = [
            {"run": e.body["run"], "source": e.refs["source"], "entry": e.sequence} for e in made
        ]
        print_json({"asked": len(asked), "imported": body})
        return 0
    for entry in made:
        click.echo(visible(f"{entry.body['run']}: {entry.refs['source']}, entry {entry.sequence}"))
    click.echo(f"{len(made)} of {len(asked)} runs are new or changed.")
    return 0


@registry.command()
@click.option(
    "--model", "models", metavar="MODEL", multiple=True, help="Only this one; repeatable."
)
@click.option(
    "--alias",
    "aliases",
    multiple=True,
    default=("champion",),
    show_default=True,
    help="An alias that only decisions may move; repeatable.",
)
@_NO_FILES
@_ADDRESS
@prints("registry", "models", "aliases", "unread", "runs", "findings", "not_covered")
def audit(
    *,
    models: tuple[str, ...],
    aliases: tuple[str, ...],
    no_files: bool,
    address: str,
    as_json: bool,
) -> int:
    """Find what was moved or changed in a registry without a decision.

    Exit codes: 0 nothing found, 1 something was, 2 wrong use, 3 the ledger was altered.
    """
    from liftgate.flow.registry import open_registry
    from liftgate.flow.registry_audit import NOT_COVERED
    from liftgate.flow.registry_audit import audit as look
    from liftgate.store import Workspace

    found = look(
        open_registry(address),
        Workspace.locate(),
        models=models,
        guarded=aliases,
        contents=not no_files,
    )
    if as_json:
        print_json(found.as_json())
        return 1 if found.findings else 0
    click.echo(
        f"{len(found.models)} models, {found.aliases} guarded aliases, {found.runs} imported runs."
    )
    for one in found.findings:
        click.echo(visible(f"{one.model}: {one.says}"))
    for name in found.unread:
        click.echo(visible(f"{name}: its files were not read; a change of them would not be seen"))
    if not found.findings:
        click.echo("Every move has its decision.")
    for line in NOT_COVERED:
        click.echo(f"Not covered: {line}")
    return 1 if found.findings else 0


def _say(entry: Entry, act: Act, *, as_json: bool) -> None:
    if as_json:
        print_json({"entry": entry.sequence, **entry.body})
        return
    for step in act.steps:
        before = "nowhere" if step.before is None else f"version {step.before}"
        click.echo(visible(f"{act.model}: {step.alias}: {before} -> version {step.after}"))
    click.echo(f"Ledger entry {entry.sequence}.")


def _bound(act: Act) -> str:
    bound = act.ground["bound_by"]
    if bound == "word":
        return (
            f"That version {act.tagged} is the arm {act.ground['arm']!r} is your word: none of its "
            "files is among those by which the study knows the arm."
        )
    return f"Version {act.tagged} holds files of the arm: {', '.join(bound['content'])}"
