"""``liftgate study``: write, check, lock, amend, verify and show a study."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints
from liftgate.cli.study_power import power
from liftgate.cli.text import visible

if TYPE_CHECKING:
    from liftgate.errors import Fault
    from liftgate.study.lint import Findings
    from liftgate.study.lock import Locked

_LOCKED = (
    "study",
    "sequence",
    "time",
    "digest",
    "dataset",
    "arms",
    "amendments",
    "deviated",
    "power",
)
_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def study() -> None:
    """Write, check, lock, amend and verify a study.

    A study says before the run what is compared, on what, and what a ship needs. Once locked, it
    may change only by an amendment that says why and what had been seen.
    """


@study.command()
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write. Default: NAME.yaml.",
)
@click.option(
    "--worthwhile",
    metavar="X",
    type=float,
    help="The smallest gain worth having, in the units of the score, e.g. 0.05. Asked for when "
    "missing.",
)
@click.option("--hypothesis", help="One sentence that the results can contradict.")
@click.option("--owner", help="Who decides. Default: you.")
@click.option("--dataset", help="Items: a file, or python:module:name. Default: items.jsonl.")
@click.option("--baseline", help="The baseline's system. Default: python:systems:baseline.")
@click.option("--candidate", help="The candidate's system. Default: python:systems:candidate.")
@prints("file", "study", "worthwhile")
def new(
    *, name: str, out: Path | None, worthwhile: float | None, as_json: bool, **answers: str | None
) -> int:
    """Write a study file that passes lint, with a comment for every choice left to you.

    Exit codes: 0 written, 2 wrong use, or the file exists.
    """
    from liftgate.ledger.author import default_author
    from liftgate.outputs import write_new
    from liftgate.study.scaffold import Answers, scaffold

    path = out or Path(f"{name}.yaml")
    gain = _worthwhile(worthwhile, as_json=as_json)
    given = {key: value for key, value in answers.items() if value is not None}
    text = scaffold(Answers(name=name, worthwhile=gain, **{"owner": default_author(), **given}))
    write_new(path, text, hint="name another file with --out")
    if as_json:
        print_json({"file": str(path), "study": name, "worthwhile": gain})
    else:
        click.echo(f"Wrote {path}. Name your systems and items in it, then:")
        click.echo(f"  liftgate study lint {path}")
        click.echo(f"  liftgate run {path}")
    return 0


_OUT = click.Path(path_type=Path, dir_okay=False)


@study.command()
@_FILE
@click.option("--sarif", type=_OUT, metavar="OUT", help="Write the findings as SARIF 2.1.0, too.")
@click.option("--summary", type=_OUT, metavar="OUT", help="Append them as Markdown, too.")
@prints("file", "study", "digest", "faults", "warnings")
def lint(*, file: Path, sarif: Path | None, summary: Path | None, as_json: bool) -> int:
    """Check a study file: all its faults at once, with line and column.

    Every outcome must have a rule, the primary claim a smallest gain worth having, and a latency
    claim enough passes. Nothing of the study is run or imported.

    Exit codes: 0 no faults (perhaps warnings), 2 faults.
    """
    from liftgate.errors import StudyError
    from liftgate.outputs import SARIF, refuse_foreign, refuse_no_text, refuse_twice
    from liftgate.study.lint import check
    from liftgate.study.load import load

    refuse_twice({"STUDY": file, "--sarif": sarif, "--summary": summary})
    refuse_foreign(sarif, SARIF)
    refuse_no_text(summary)
    try:
        planned = load(file)
        found = check(planned)
    except StudyError as error:
        _write_findings(file, error.faults, (), sarif, summary)
        raise
    _write_findings(file, (), found.warnings, sarif, summary)
    if as_json:
        print_json(_lint_json(file, planned.study, planned.digest(), found))
        return 0
    for warning in found.warnings:
        click.echo(f"warning: {visible(warning.text(str(file)))}")
    claims, candidates = len(planned.claims()), len(planned.candidates)
    named = "1 candidate" if candidates == 1 else f"{candidates} candidates"
    click.echo(f"{file}: no faults; {claims} {'claim' if claims == 1 else 'claims'}, {named}")
    return 0


@study.command()
@_FILE
@prints(*_LOCKED, "added")
def lock(*, file: Path, as_json: bool) -> int:
    """Bind a study, its dataset, arms and scorers in the ledger.

    Locking the same study again keeps the first lock with its time. The study's file is not
    changed. A study that is too small, one that ships a candidate at its target in less than half
    of its uses, is not locked, unless it declares itself exploratory.

    Exit codes: 0 locked, 2 faults, 3 a study of this name is locked and differs, 4 too small.
    """
    from liftgate.flow.study import lock_study
    from liftgate.store import Workspace

    kept = lock_study(file, Workspace.locate())
    if as_json:
        print_json({**_locked_json(kept.locked), "added": kept.added is not None})
        return 0
    verb = "Locked" if kept.added else "Already locked, unchanged:"
    click.echo(f"{verb} {_where(kept.locked)}")
    click.echo(f"Digest: {kept.locked.digest}")
    if kept.adequacy is not None:
        click.echo(visible(kept.adequacy.sentence()))
    return 0


@study.command()
@_FILE
@options.REASON
@click.option(
    "--seen",
    required=True,
    type=click.Choice(["nothing", "aggregate", "results"]),
    help="What you had seen of the study's results when you decided to change it.",
)
@prints(*_LOCKED, "amendment")
def amend(*, file: Path, reason: str, seen: str, as_json: bool) -> int:
    """Record a change of a locked study: what, why, and what had been seen.

    The ledger keeps both versions. Once results had been seen (a decision in the ledger is proof
    of that), the study's decisions are marked as deviated and show both analyses.

    Exit codes: 0 amended, 2 faults or nothing changed, 3 never locked, 4 the change makes the
    study too small, before any result was seen.
    """
    from liftgate.flow.study import amend_study
    from liftgate.store import Workspace
    from liftgate.study.lock import Seen

    kept = amend_study(file, Workspace.locate(), reason=reason, seen=Seen(seen))
    amendment = kept.locked.amendments[-1]
    if as_json:
        print_json({**_locked_json(kept.locked), "amendment": amendment.as_json()})
        return 0
    click.echo(f"Amended {_where(kept.locked)}, by entry {amendment.sequence}:")
    for change in amendment.changes:
        old, new_value = json.dumps(change["old"]), json.dumps(change["new"])
        click.echo(f"  {visible(change['path'])}: {visible(old)} → {visible(new_value)}")
    if amendment.seen != seen:
        click.echo(f"Seen: {amendment.seen.value}, since the ledger holds a decision.")
    if kept.locked.deviated:
        click.echo("Decisions from here on are marked as deviated and show both analyses.")
    elif kept.adequacy is not None:
        click.echo(visible(kept.adequacy.sentence()))
    return 0


@study.command()
@_FILE
@prints(*_LOCKED, "verified")
def verify(*, file: Path, as_json: bool) -> int:
    """Compare a study, its dataset, arms and scorers with what was locked.

    Exit codes: 0 unchanged, 2 faults, 3 not locked, or changed (each place with both values).
    """
    from liftgate.flow.study import verify_study
    from liftgate.store import Workspace

    locked = verify_study(file, Workspace.locate())
    if as_json:
        print_json({**_locked_json(locked), "verified": True})
    else:
        click.echo(f"Unchanged: {_where(locked)}")
    return 0


@study.command()
@_FILE
@prints("study", "digest", "locked", "gate_activated", "decided", "money")
def show(*, file: Path, as_json: bool) -> int:
    """Show a study with every default filled in, and what the ledger holds of it.

    Exit codes: 0 shown, 2 faults, 3 the ledger was altered.
    """
    from liftgate.flow.ledger import activation
    from liftgate.flow.report import last_decision
    from liftgate.flow.study import find
    from liftgate.store import Workspace
    from liftgate.study.load import load

    planned = load(file)
    workspace = Workspace.locate()
    locked = find(planned, workspace)
    active = activation(workspace, locked.digest) if locked else None
    decided = last_decision(workspace, planned.study) if locked else None
    model = planned.model()
    if as_json:
        held = _locked_json(locked) if locked else None
        number = active and active.sequence
        print_json(
            {
                "study": model,
                "digest": planned.digest(),
                "locked": held,
                "gate_activated": number,
                "decided": decided and decided.sequence,
                "money": decided and decided.body.get("money"),
            }
        )
        return 0
    click.secho(visible(planned.hypothesis), bold=True)
    for name, arm in planned.arms.items():
        click.echo(f"  {arm.role.value:<10} {name}: {visible(arm.system)}")
    for claim in planned.claims():
        given = ", ".join(f"{k} {v}" for k, v in claim.params.items() if v is not None)
        click.echo(f"  {claim.id:<14} {visible(claim.title)} ({visible(given)})")
    decision = planned.decision
    click.echo(f"  alpha {decision.alpha:g}, alpha_hold {decision.alpha_hold:g}")
    click.echo(f"Locked: {_where(locked)}" if locked else "Not locked.")
    if active is not None:
        click.echo(f"Gate activated: every check of it bites (entry {active.sequence})")
    if decided is not None:
        from liftgate.documents.money import cost_lines

        click.echo(f"Decided in ledger entry {decided.sequence}.")
        for line in cost_lines(decided.body):
            click.echo(f"  {visible(line)}")
    return 0


@study.command()
@click.option("--built-in", is_flag=True, help="Leave out the plug-ins of other packages.")
@prints("$schema", "$defs", "properties", "…")
def schema(*, built_in: bool, as_json: bool) -> int:  # noqa: ARG001 - it is JSON in any case
    """Print the JSON Schema of study files, installed scorers and rules included.

    Editors that know YAML complete and check a study by it. A schema is JSON: --json changes
    nothing.

    Exit codes: 0 printed, 2 wrong use.
    """
    from liftgate.study.schema import json_schema

    print_json(json_schema(built_in=built_in))
    return 0


study.add_command(power)


def _write_findings(
    file: Path,
    faults: tuple[Fault, ...],
    warnings: tuple[Fault, ...],
    sarif: Path | None,
    summary: Path | None,
) -> None:
    from liftgate import __version__
    from liftgate.documents.job_summary import lint_markdown
    from liftgate.documents.sarif import sarif as as_sarif
    from liftgate.outputs import SARIF, append_text, write_again

    if sarif is not None:
        write_again(sarif, as_sarif(str(file), faults, warnings, __version__), SARIF)
    if summary is not None:
        append_text(summary, lint_markdown(str(file), faults, warnings))


def _worthwhile(given: float | None, *, as_json: bool) -> float:
    from liftgate.errors import DataError

    if given is not None:
        return given
    if as_json or not sys.stdin.isatty():
        raise DataError(
            "--worthwhile: got nothing, expected the smallest gain worth having, e.g. 0.05",
            hint="how much better must the candidate be before the change is worth its cost?",
        )
    question = "The smallest gain worth having, in the units of the score (e.g. 0.05)"
    answer: float = click.prompt(question, type=float)
    return answer


def _lint_json(file: Path, name: str, digest: str, found: Findings) -> dict[str, Any]:
    warnings = [
        {"path": w.path, "line": w.line, "column": w.column, "message": w.message}
        for w in found.warnings
    ]
    return {
        "file": str(file),
        "study": name,
        "digest": digest,
        "faults": [],
        "warnings": warnings,
    }


def _locked_json(locked: Locked) -> dict[str, Any]:
    return {
        "study": locked.name,
        "sequence": locked.sequence,
        "time": locked.time.isoformat(),
        "digest": locked.digest,
        "dataset": dict(locked.body["dataset"]),
        "arms": dict(locked.body["arms"]),
        "amendments": [amendment.as_json() for amendment in locked.amendments],
        "deviated": locked.deviated,
        "power": locked.body.get("power"),
    }


def _where(locked: Locked) -> str:
    time = locked.time.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{visible(locked.name)}, ledger entry {locked.sequence} of {time}"
