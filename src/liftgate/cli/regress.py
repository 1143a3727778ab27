"""``liftgate regress``: failing items kept as tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from liftgate.cli import complete, options
from liftgate.cli.result import print_json, prints, show
from liftgate.cli.text import visible
from liftgate.errors import DataError

if TYPE_CHECKING:
    from liftgate.flow.regress import Suite
    from liftgate.lineage.regressions import RegressionTest

_TEST = click.argument("test", shell_complete=complete.tests)
_MOVED = prints("test", "state", "reason")


@click.group()
def regress() -> None:
    """Keep failing items as tests, and check systems against them.

    A test is an item that failed, with its owner and where it comes from: study, decision, run and
    trial. Its whole life stands in the ledger. A study takes the active ones as its items with
    dataset: {source: "regress:"}.
    """


@regress.command()
@click.argument("source", metavar="STUDY|LOG|COMPARISON")
@click.option("--item-id", "item", required=True, metavar="ID", help="The item that failed.")
@click.option("--owner", required=True, help="Who looks after the test.")
@options.REASON
@options.arm("The arm that failed it. Default: the only one that did.")
@options.metric("The score that failed. Default: the primary's.")
@click.option(
    "--at-least",
    metavar="X",
    type=float,
    help="What passes, in the score's units (at most, where less is better). Default: the best.",
)
@click.option(
    "--part",
    "parts",
    metavar="NAME",
    multiple=True,
    help="Of a log: the member of its input that the system is asked, or how its text is called; "
    "repeatable. Default: text.",
)
@click.option("--replaces", metavar="TEST", help="The test of which this is the next version.")
@prints("name", "version", "owner", "state", "metric", "at_least", "origin", "…")
def add(*, source: str, as_json: bool, parts: tuple[str, ...], **wanted: Any) -> int:
    """Keep a failing item as a test; nothing is called.

    It failed in a study that has run, in a log that another tool wrote (FILE, FOLDER or
    FILE@SYSTEM, as for compare), or for the candidate of a comparison (what compare --json
    printed).

    Refused: an item that passed, one that was never asked, and one that is a test already, by its
    content.

    Exit codes: 0 kept, 2 refused or wrong use, 3 the ledger was altered.
    """
    from liftgate.flow.regress import Wanted, add_test
    from liftgate.flow.regress_log import add_from_log, is_log
    from liftgate.store import Workspace

    if is_log(source):
        if wanted["arm"] is not None:
            raise DataError("--arm: a log has no arms", hint="name a system: FILE@SYSTEM")
        test = add_from_log(source, Wanted(**wanted), Workspace.locate(), parts)
    elif parts:
        raise DataError("--part: is for logs; a study's items have their parts")
    else:
        test = add_test(Path(source), Wanted(**wanted), Workspace.locate())
    if as_json:
        print_json(_json(test))
    else:
        click.echo(visible(f"Added {test.name}, version {test.version}, owner {test.owner}"))
    return 0


@regress.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Retired ones, too.")
@prints("tests")
def list_(*, everything: bool, as_json: bool) -> int:
    """List the tests with their state, owner and origin.

    Exit codes: 0 listed, 2 wrong use, 3 the ledger was altered.
    """
    from liftgate.flow.suite import listed
    from liftgate.lineage.regressions import State
    from liftgate.store import Workspace

    found = [t for t in listed(Workspace.locate()) if everything or t.state is not State.RETIRED]
    if as_json:
        print_json({"tests": [_json(test) for test in found]})
        return 0
    for test in found:
        why = f" ({test.why})" if test.why else ""
        origin = test.origin
        place = origin.get("study") or origin["log"]
        click.echo(
            visible(
                f"{test.name} v{test.version} {test.state.value}{why}: {test.metric} of item "
                f"{origin['item']} of {place}, owner {test.owner}: {test.reason}"
            )
        )
    if not found:
        click.echo("No tests.")
    return 0


@regress.command()
@options.STUDY
@options.arm("The arm to check. Default: the only candidate.")
@click.option(
    "--repeats", metavar="N", type=click.IntRange(1, 1000), help="How often each test is asked."
)
@prints("arm", "entry", "failed", "tests")
def run(*, study: Path, arm: str | None, repeats: int | None, as_json: bool) -> int:
    """Ask one arm of a study every test; all active ones must pass in every repeat.

    Quarantined tests are asked and shown, and fail nothing. What this arm was asked before is not
    asked again.

    Exit codes: 0 all active tests pass, 1 some do not, 2 wrong use, 3 the ledger was altered, 4
    there are no tests.
    """
    from liftgate.flow.regress import check_suite
    from liftgate.store import Workspace

    found = check_suite(study, Workspace.locate(), arm=arm, repeats=repeats)
    if as_json:
        print_json(_suite_json(found))
    else:
        _print(found)
    return 1 if found.failed else 0


@regress.command()
@_TEST
@options.REASON
@_MOVED
def quarantine(*, test: str, reason: str, as_json: bool) -> int:
    """Take a flaky test out of what must pass; repeats must have shown that it is flaky.

    Exit codes: 0 moved, 2 refused or no such test, 3 the ledger was altered.
    """
    return _move(test, "quarantined", reason, as_json=as_json)


@regress.command()
@_TEST
@options.REASON
@_MOVED
def restore(*, test: str, reason: str, as_json: bool) -> int:
    """Make a quarantined test count again; the repeats of its last check must agree.

    Exit codes: 0 moved, 2 refused or no such test, 3 the ledger was altered.
    """
    return _move(test, "active", reason, as_json=as_json)


@regress.command()
@_TEST
@options.REASON
@_MOVED
def retire(*, test: str, reason: str, as_json: bool) -> int:
    """Retire a test for good, with a reason.

    Exit codes: 0 moved, 2 refused or no such test, 3 the ledger was altered.
    """
    return _move(test, "retired", reason, as_json=as_json)


@regress.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The JSON Lines file to write; an existing one is not overwritten.",
)
@prints("file", "items", "digest")
def export(*, out: Path, as_json: bool) -> int:
    """Write the active tests as a data set.

    Exit codes: 0 written, 2 wrong use or the file exists, 3 the ledger was altered, 4 there are no
    tests.
    """
    from liftgate.flow.items import write_items
    from liftgate.flow.suite import suite_items
    from liftgate.store import Workspace

    found = suite_items(Workspace.locate())
    write_items(found, out)
    show(
        {"file": str(out), "items": len(found.items), "digest": found.digest},
        f"Wrote {out}: {len(found.items):,} items, digest {found.digest}",
        as_json=as_json,
    )
    return 0


def _move(test: str, state: str, reason: str, *, as_json: bool) -> int:
    from liftgate.flow.regress import move
    from liftgate.lineage.regressions import State
    from liftgate.store import Workspace

    moved = move(test, State(state), reason, Workspace.locate())
    body = {"test": moved.name, "state": moved.state.value, "reason": reason}
    show(body, f"{moved.name}: {moved.state.value}", as_json=as_json)
    return 0


def _json(test: RegressionTest) -> dict[str, Any]:
    from liftgate.canon import plain

    found: dict[str, Any] = plain(test)
    return found


def _suite_json(found: Suite) -> dict[str, Any]:
    rows = [
        {
            "test": row.test.name,
            "state": row.test.state.value,
            "owner": row.test.owner,
            "passed": row.passed,
            "asked": row.asked,
            "told": row.told,
        }
        for row in found.rows
    ]
    return {"arm": found.arm, "entry": found.sequence, "failed": len(found.failed), "tests": rows}


def _print(found: Suite) -> None:
    from liftgate.lineage.regressions import State

    for row in found.rows:
        word = "pass" if row.good else "FAIL"
        if row.test.state is State.QUARANTINED:
            word = f"{word.lower()}, quarantined"
        flaky = ": flaky" if 0 < row.passed < row.asked else ""
        told = f"; {row.told} (owner {row.test.owner})" if row.told else ""
        line = f"{row.test.name} {word}: {row.passed} of {row.asked} repeats passed{flaky}{told}"
        click.echo(visible(line))
    active = [row for row in found.rows if row.test.state is State.ACTIVE]
    click.echo(
        visible(
            f"{found.arm}: {len(active) - len(found.failed)} of {len(active)} active tests pass "
            f"(ledger entry {found.sequence})"
        )
    )
