"""``liftgate rate``: have people rate what systems answered, or anything else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from liftgate.cli import complete, options
from liftgate.cli.result import print_json, print_line, prints, show, until_stopped
from liftgate.cli.text import visible

_BATCH = click.argument("batch", shell_complete=complete.batches)


@click.group()
def rate() -> None:
    """Have people rate: blind, in their own order, by single keys.

    A batch is drawn once, by a seed that the ledger keeps. Raters work in the browser or in a file;
    nobody is told which arm an answer comes from.
    """


@rate.command()
@click.argument("source", shell_complete=complete.runs)
@click.option(
    "--rubric",
    metavar="NAME|FILE",
    shell_complete=complete.rubrics,
    help="A built-in rubric's name, or a YAML file.",
)
@click.option(
    "--taxonomy",
    type=click.Path(),
    metavar="FILE",
    help="The codes of failures, a file or the word shipped; instead of a rubric, for what "
    "liftgate failures draw wrote.",
)
@click.option("--raters", required=True, metavar="A,B", help="Pseudonyms, separated by commas.")
@click.option(
    "--n",
    "items",
    metavar="N",
    type=click.IntRange(min=1),
    help="Items to rate, over all raters, each with the answers of all arms. Default: all.",
)
@click.option(
    "--overlap",
    metavar="N",
    type=click.IntRange(min=0),
    help="Of these, how many everybody rates; agreement is computed from them. Default: none; of "
    "failures all.",
)
@click.option(
    "--twice",
    "repeats",
    default=0,
    metavar="N",
    type=click.IntRange(min=0),
    help="How many tasks each rater sees twice.",
)
@click.option(
    "--gold",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A JSONL file of things with a known value; every rater gets them, unmarked.",
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(min=0, max=2**53 - 1),
    help="Decides the lots. Default: drawn now.",
)
@click.option(
    "--stratify", metavar="NAME", help="A slice or metadata field: sampled in proportion."
)
@click.option(
    "--harm",
    metavar="NAME",
    help="A slice or metadata field that names harmful content to warn of.",
)
@prints("batch", "entry", "added", "digest", "seed", "raters", "tasks", "notes", "…")
def draw(*, source: str, raters: str, as_json: bool, **given: Any) -> int:
    """Draw a batch from a study, a run or a file.

    SOURCE is a study's file or name, whose last decision says which rows count; a run's id; or a
    .jsonl file of things to rate, each with id, input and answer (or answers: a pair), or drawn by
    liftgate label draw. With --taxonomy it is a batch of liftgate failures draw: raters are coders,
    and liftgate failures report reads what liftgate rate export writes.

    Exit codes: 0 drawn, 2 wrong use or a bad file, 3 the ledger was altered.
    """
    from liftgate.flow.rating import Asked, draw_batch
    from liftgate.store import Workspace

    names = tuple(name.strip() for name in raters.split(","))
    drawn = draw_batch(Workspace.locate(), Asked(source=source, raters=names, **given))
    body: Mapping[str, Any] = drawn.entry.body
    if as_json:
        found = {**body, "entry": drawn.entry.sequence, "added": drawn.added}
        print_json({**found, "notes": list(drawn.notes)})
        return 0
    verb = "Drawn:" if drawn.added else "Drawn before, unchanged:"
    click.echo(f"{verb} batch {body['batch']} (entry {drawn.entry.sequence}, seed {body['seed']})")
    for rater in drawn.batch.raters:
        kinds = [task.kind.value for task in drawn.batch.tasks[rater]]
        parts = ", ".join(f"{kinds.count(k)} {k}" for k in dict.fromkeys(sorted(kinds)))
        click.echo(f"  {rater}: {len(kinds)} screens ({parts})")
    for note in drawn.notes:
        click.echo(f"Note: {visible(note)}")
    click.echo(f"Next: liftgate rate serve {body['batch']}")
    return 0


@rate.command()
@_BATCH
@options.PORT
@options.HOST
@click.option("--off-loopback", is_flag=True, help="Let other machines in.")
@options.HOSTNAME
@prints("batch", "links")
def serve(*, batch: str, as_json: bool, **given: Any) -> int:
    """Serve a batch until Ctrl-C, and print a link for each rater and for the lead.

    A link is all that is needed to rate as that rater: give each to one person only. Stopping and
    serving again loses nothing; links stay the same, if you name the port.

    Exit codes: 0 stopped, 2 wrong use or no such batch, 3 the batch or the ledger was altered.
    """
    from liftgate.flow.rating import opened
    from liftgate.store import Workspace
    from liftgate.web.serve import Address, serve

    def ready(links: Mapping[str, str]) -> None:
        if as_json:
            print_line({"batch": batch, "links": links})
        else:
            width = max(map(len, links))
            for who, link in links.items():
                click.echo(f"  {who:<{width}}  {link}")
            click.echo("Serving; Ctrl-C stops. Everything is kept as it comes in.")

    with opened(Workspace.locate(), batch) as room, until_stopped():
        serve(room, Address(**given), ready)
    return 0


@rate.command()
@_BATCH
@prints("batch", "total", "rated", "raters", "agreement", "…")
def status(*, batch: str, as_json: bool) -> int:
    """Show how far a batch is: raters, agreement, drift on gold items, what is to be settled.

    Exit codes: 0 shown, 2 no such batch, 3 the batch or the ledger was altered.
    """
    from liftgate.cli.rate_text import status_lines
    from liftgate.flow.rating import opened
    from liftgate.flow.rating_view import lead_view
    from liftgate.store import Workspace

    with opened(Workspace.locate(), batch) as room:
        view = lead_view(room)
    if as_json:
        print_json(view)
        return 0
    for line in status_lines(view):
        click.echo(visible(line))
    return 0


@rate.command()
@_BATCH
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    default="jsonl",
    show_default=True,
    help="Of what is written.",
)
@click.option("--sheet", metavar="RATER", help="The empty sheet of a rater, instead of labels.")
@click.option(
    "--all", "everything", is_flag=True, help="Leave nothing out: repeated and gold subjects, too."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it here. Default: print it.",
)
@prints("batch", "format", "file", "text")
def export(
    *,
    batch: str,
    form: str,
    sheet: str | None,
    everything: bool,
    out: Path | None,
    as_json: bool,
) -> int:
    """Write the labels of a batch, or with --sheet a sheet to be filled in without a browser.

    Labels name items and trial keys, raters and values, never an arm; judges are calibrated on
    them. Abstentions are rows, too.

    Exit codes: 0 written, 2 wrong use, no such batch, or the file exists, 3 the batch or the ledger
    was altered.
    """
    from liftgate.flow.rating import labels_text, opened, sheet_text
    from liftgate.outputs import write_new
    from liftgate.store import Workspace

    with opened(Workspace.locate(), batch) as room:
        if sheet is None:
            text = labels_text(room, form, everything=everything)
        else:
            text = sheet_text(room, sheet, form)
    if out is not None:
        write_new(out, text, hint="name another file; labels may be in it")
    if out is None and not as_json:
        click.echo(text, nl=False)
        return 0
    kept = text if out is None else None
    body = {"batch": batch, "format": form, "file": out and str(out), "text": kept}
    show(body, f"Wrote {out}.", as_json=as_json)
    return 0


@rate.command("import")
@_BATCH
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@prints("batch", "added", "empty")
def import_(*, batch: str, file: Path, as_json: bool) -> int:
    """Bring in a sheet that a rater has filled in; rows without a value are left for later.

    A row whose texts were edited, or that belongs to another batch or rater, is refused, and with
    it the whole file. The same file again adds nothing.

    Exit codes: 0 kept, 2 a value that the rubric does not have, 3 edited.
    """
    from liftgate.flow.rating import opened, take_in
    from liftgate.store import Workspace

    with opened(Workspace.locate(), batch) as room:
        added, empty = take_in(room, file)
    if as_json:
        print_json({"batch": batch, "added": added, "empty": empty})
    else:
        click.echo(f"Kept {added} ratings of {file}; {empty} rows are empty.")
    return 0


@rate.command()
@_BATCH
@click.argument("subject")
@click.option(
    "--value",
    required=True,
    metavar="VALUE",
    help="What it should say: an anchor's label or key.",
)
@options.REASON
@prints("subject", "value", "reason")
def adjudicate(*, batch: str, subject: str, value: str, reason: str, as_json: bool) -> int:
    """Settle a subject on which raters differ; their ratings stay as they are.

    SUBJECT is what `liftgate rate status` shows, or an item's id where it names one subject. Of a
    pair the value is about the first trial of its row.

    Exit codes: 0 settled, 2 wrong use or no such subject, 3 the batch or the ledger was altered.
    """
    from liftgate.flow.rating import adjudicate, opened
    from liftgate.store import Workspace

    with opened(Workspace.locate(), batch) as room:
        act = adjudicate(room, subject, value, reason)
    if as_json:
        print_json({"subject": act.subject, "value": act.value, "reason": act.reason})
    else:
        click.echo(f"Settled {visible(subject)}: {value}.")
    return 0


@rate.command()
@_BATCH
@click.option("--incomplete", is_flag=True, help="Close it although tasks are open.")
@prints("batch", "entry", "added", "labels", "rows", "scores", "open", "…")
def close(*, batch: str, incomplete: bool, as_json: bool) -> int:
    """Close a batch: nothing is added any more, and its labels are bound in the ledger.

    Ratings of answers and of pairs become scores in the store, each rater a scorer of their own.

    Exit codes: 0 closed, 2 tasks are open, or no such batch, 3 the batch or the ledger was altered.
    """
    from liftgate.flow.rating_close import close_batch
    from liftgate.store import Workspace

    closed = close_batch(Workspace.locate(), batch, incomplete=incomplete)
    body = closed.entry.body
    if as_json:
        found = {**body, "entry": closed.entry.sequence, "added": closed.added}
        print_json(found)
        return 0
    verb = "Closed:" if closed.added else "Closed before, unchanged:"
    click.echo(
        f"{verb} batch {batch} (entry {closed.entry.sequence}), {body['rows']} labels, "
        f"{body['scores']} scores, {body['open']} tasks open"
    )
    return 0
