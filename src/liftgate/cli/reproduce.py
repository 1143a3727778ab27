"""``liftgate reproduce``: a run's trials again, with a verdict and a cause."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli import complete, options
from liftgate.cli.captured_text import WHOLE, captured_lines
from liftgate.cli.result import print_json, prints, show
from liftgate.cli.text import visible

if TYPE_CHECKING:
    from liftgate.flow.reproduce import Reproduction
    from liftgate.gates.sameness import Sameness
    from liftgate.store import Workspace


@click.command()
@click.argument("run", metavar="RUN|STUDY", shell_complete=complete.runs)
@click.option(
    "--study",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("study.yaml"),
    show_default=True,
    help="The study's file as it is now.",
)
@click.option("--no-search", is_flag=True, help="Do not look for the cause.")
@click.option(
    "--max-cost",
    metavar="X",
    type=click.FloatRange(min=0),
    help="What all passes together may spend.",
)
@click.option("--estimate", is_flag=True, help="Say what it would take, and call nothing.")
@click.option(
    "--code",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write the run's code into a folder, as it was captured, and call nothing.",
)
@click.option(
    "--captured", is_flag=True, help="Say what was captured of the run, and call nothing."
)
@options.MAYBE_KEY
@prints(
    *("run?", "verdict?", "trials?", "differing?", "cause?", "parts?", "entry?", "estimate?"),
    *("folder?", "manifest?", "incomplete?", "code_now?", "answers?", "…"),
)
def reproduce(
    *,
    run: str,
    study: Path,
    no_search: bool,
    max_cost: float | None,
    estimate: bool,
    code: Path | None,
    captured: bool,
    sign_with: str | None,
    as_json: bool,
) -> int:
    """Run a run's trials again, where no study counts them, and say what became of them.

    RUN is a run's id; a study's name means all the trials that it counts (with --code and
    --captured: its last run). The verdict goes into the
    ledger, where policies ask for it: bitwise, score-identical, statistically equivalent (within
    the tolerance that the lock declares, and no further apart than the system from itself), not
    reproduced, or undecided.

    When scores differ, the locked study, the dataset and the code are swapped back one at a time.
    The first that brings the scores back is named, with the parameters, items or files that do
    it. Each swap makes the calls once more.

    Exit codes: 0 bitwise, score-identical or statistically equivalent, 1 not reproduced, 2 wrong
    use, 3 the ledger or a file was altered, 4 it cannot be told or not everything was captured.
    """
    from liftgate.flow.reproduce import estimate as told
    from liftgate.flow.reproduce import reproduce as again
    from liftgate.store import Workspace

    workspace = Workspace.locate()
    if sum((estimate, code is not None, captured)) > 1:
        raise click.UsageError("--estimate, --code and --captured: one of them")
    if captured:
        return _captured(run, workspace, study, as_json=as_json)
    if code is not None:
        return _export(run, workspace, code, study, as_json=as_json)
    if estimate:
        lines = told(run, workspace)
        show({"estimate": lines}, lines, as_json=as_json)
        return 0
    if not study.is_file():
        raise click.UsageError(f"--study: there is no file {study}")
    found = again(
        run,
        workspace,
        study=study,
        search=not no_search,
        max_cost=max_cost,
        sign_with=sign_with,
        say=lambda line: click.echo(visible(line), err=True),
    )
    if as_json:
        print_json(found.as_json())
    else:
        for line in _text(found):
            click.echo(visible(line))
    return found.exit_code


def _export(run: str, workspace: Workspace, out: Path, study: Path, *, as_json: bool) -> int:
    from liftgate.flow.captured import export_tree

    made = export_tree(run, workspace, out, repository=study.resolve().parent)
    if as_json:
        print_json({"run": made.id, "folder": str(out)})
    else:
        click.echo(visible(f"The code of run {made.id} is in {out}"))
    return 0


def _captured(run: str, workspace: Workspace, study: Path, *, as_json: bool) -> int:
    from liftgate.flow.captured import captured_run

    found = captured_run(run, workspace, repository=study.resolve().parent)
    told = [f"answers of {name}: {', '.join(values)}" for name, values in found.answers.items()]
    lines = captured_lines(found.manifest, found.code_now)
    show(found.as_json(), [*lines, *told, *(found.incomplete or [WHOLE])], as_json=as_json)
    return 4 if found.incomplete else 0


def _text(found: Reproduction) -> Iterator[str]:
    yield (
        f"{found.run}: {found.verdict}, {found.differing:,} of {found.trials:,} trials differ "
        f"(ledger entry {found.entry})"
    )
    if found.cause is not None:
        yield f"Cause: {found.cause}"
        yield from (f"  {part}" for part in found.parts)
    for one in found.same:
        yield _same(one)
    for word, lines in (
        ("Swapped", found.tried),
        ("Could not swap", found.not_swapped),
        ("Note", found.notes),
    ):
        for line in lines:
            yield f"{word}: {line}"


def _same(one: Sameness) -> str:
    said = f"{one.of}, {one.metric}: {one.same.value}: {one.reason}"
    if one.shift is not None and one.changed is not None:
        value, low, high = one.shift
        ends = ("unbounded" if end is None else f"{end:+.4g}" for end in (low, high))
        said += f"; mean moved by {value:+.4g} ({' to '.join(ends)})"
        said += f"; items by {one.changed:.4g}, from themselves by {one.floor:.4g}"
    if one.items_needed is not None:
        said += f"; about {one.items_needed:,} items would tell"
    return said
