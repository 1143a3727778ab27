"""``liftgate ledger``: verify the chain and its files, list entries, show one."""

from __future__ import annotations

import json
from pathlib import Path

import click

from liftgate.cli import complete, options
from liftgate.cli.ledger_evidence import attest, check, pack, prove, unpack
from liftgate.cli.ledger_text import head, line, verified
from liftgate.cli.result import print_json, prints
from liftgate.cli.result import show as say
from liftgate.cli.text import contents_sentence

_SEQUENCE = click.argument("sequence", type=click.IntRange(min=1), shell_complete=complete.entries)


@click.group()
def ledger() -> None:
    """Show and verify the ledger and the files that it names.

    The ledger is a chain: each entry names the one before it by a digest of all of it. What was
    locked, run and decided stands there in its order, and a later change of it shows.
    """


@ledger.command()
@click.option(
    "--against",
    multiple=True,
    type=click.Path(),
    metavar="PLACE",
    help="Checkpoints to compare with: a file, 'git' for git notes, a folder with another ledger.",
)
@click.option("--signed", is_flag=True, help="Only checkpoints that a trusted key signed count.")
@options.TRUST
@prints("sound", "entries", "runs", "files", "unrecorded", "contents", "against", "statements", "…")
def verify(*, against: tuple[str, ...], signed: bool, given: Path | None, as_json: bool) -> int:
    """Verify every entry, link and signature, and every file of every recorded run.

    A chain alone cannot show that its last entries were cut off, nor that its owner wrote all of it
    anew. A checkpoint that was kept elsewhere can: compare with it by --against.

    Exit codes: 0 sound, 2 there is no ledger or checkpoint, 3 broken: the first bad entry, file or
    checkpoint is named.
    """
    from liftgate.flow.ledger import verify as verify_all
    from liftgate.store import Workspace

    found = verify_all(Workspace.locate(), against=against, trust=given, signed=signed)
    if as_json:
        print_json(verified(found))
        return 0
    click.echo(
        f"Sound: {_count(found.entries, 'entry', 'entries')} in one chain, "
        f"{_count(found.files, 'file', 'files')} of {_count(found.runs, 'run', 'runs')}."
    )
    if any(found.contents):
        click.echo(f"{contents_sentence(found.contents)}.")
    for one in found.against:
        by = f"signed by {', '.join(one.signed_by)}" if one.signed_by else "not signed"
        click.echo(
            f"Continues the checkpoint of {_count(one.size, 'entry', 'entries')} in {one.place} "
            f"({one.time:%Y-%m-%d %H:%M:%SZ}, {by})."
        )
    for made in found.statements:
        by = ", ".join(made.by) or "no trusted key"
        click.echo(f"Entry {made.sequence}: a statement about entry {made.about}, signed by {by}.")
    for number in found.clock_went_back:
        click.echo(f"Entry {number}: its time is earlier than that of an entry before it.")
    for run in found.unrecorded:
        click.echo(f"Not recorded yet, so not verified: run {run}; the next liftgate run does it.")
    return 0


@ledger.command()
@click.option(
    "--kind",
    metavar="KIND",
    shell_complete=complete.kinds,
    help="Only entries of this kind, e.g. decision.",
)
@click.option("-n", "--last", type=click.IntRange(min=1), metavar="N", help="Only the last N.")
@prints("entries")
def log(*, kind: str | None, last: int | None, as_json: bool) -> int:
    """List the entries in order, one line each.

    Exit codes: 0 listed, 2 there is no ledger, 3 an entry was altered.
    """
    from liftgate.flow.ledger import entries
    from liftgate.store import Workspace

    found = entries(Workspace.locate(), kind=kind, last=last)
    if as_json:
        print_json({"entries": [head(e) for e in found]})
        return 0
    for entry in found:
        click.echo(line(entry))
    if not found:
        click.echo("No such entry." if kind else "The ledger is empty.")
    return 0


@ledger.command()
@_SEQUENCE
@prints(
    "sequence",
    "time",
    "kind",
    "author",
    "leaf",
    "about",
    "previous",
    "refs",
    "body",
    "corrections?",
    "reopened?",
)
def show(*, sequence: int, as_json: bool) -> int:
    """Show one entry with its whole body.

    Exit codes: 0 shown, 2 no such entry, 3 an entry was altered.
    """
    from liftgate.figures.text import visible
    from liftgate.flow.ledger import corrections, entry, reopened
    from liftgate.store import Workspace

    workspace = Workspace.locate()
    found = entry(workspace, sequence)
    whole = {**head(found), "previous": found.previous, "refs": found.refs, "body": found.body}
    corrected = corrections(workspace, sequence)
    if corrected:
        whole["corrections"] = [{"sequence": e.sequence, **e.body} for e in corrected]
    again = reopened(workspace, sequence)
    if again:
        whole["reopened"] = [
            {"sequence": e.sequence, "thing": e.body["thing"], "reason": e.body["reason"]}
            for e in again
        ]
    if as_json:
        print_json(whole)
    else:
        click.echo(visible(json.dumps(whole, indent=2, ensure_ascii=False)))
    return 0


@ledger.command()
@_SEQUENCE
@click.option("--path", required=True, metavar="PATH", help="Where in its body, e.g. rows.count.")
@click.option(
    "--value", "new", required=True, metavar="VALUE", help="What it should say: JSON or text."
)
@options.REASON
@prints("entry", "corrects", "changes")
def correct(*, sequence: int, path: str, new: str, reason: str, as_json: bool) -> int:
    """Correct a value of an entry by a new entry; the old one stays, and shows both.

    A decision is not corrected but made again: liftgate run does that when its rows differ.

    Exit codes: 0 corrected, 2 no such entry or path, or it says so already, 3 an entry was altered.
    """
    from liftgate.flow.ledger import correct as append
    from liftgate.store import Workspace

    try:
        value = json.loads(new)
    except ValueError:
        value = new
    made = append(Workspace.locate(), sequence, path=path, new=value, reason=reason)
    say(
        {"entry": made.sequence, "corrects": sequence, "changes": made.body["changes"]},
        f"Entry {made.sequence} corrects entry {sequence}: {path}",
        as_json=as_json,
    )
    return 0


@ledger.command()
@click.argument("digest")
@options.REASON
@prints("entry", "digest")
def erase(*, digest: str, reason: str, as_json: bool) -> int:
    """Erase a text, an answer or a label for good; its digest, its scores and the chain stay.

    The digest is that of a trace or of a Parquet file, sha256:… in full.

    Exit codes: 0 erased, 2 no such value, 3 the ledger was altered.
    """
    from liftgate.flow.ledger import erase as remove
    from liftgate.store import Workspace

    made = remove(Workspace.locate(), digest, reason=reason)
    body = {"entry": made.sequence, "digest": digest}
    say(body, f"Erased {digest} (entry {made.sequence})", as_json=as_json)
    return 0


@ledger.command()
@click.option("--out", type=options.FILE, metavar="FILE", help="Add it to this file.")
@click.option("--git", is_flag=True, help="Add it to a git note of the commit checked out here.")
@click.option(
    "--workspace",
    "other",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="FOLDER",
    help="Append it to the ledger of another workspace.",
)
@options.KEYS
@prints("origin", "size", "root", "note", "places")
def checkpoint(
    *, out: Path | None, git: bool, other: Path | None, sign_with: tuple[str, ...], as_json: bool
) -> int:
    """Take a checkpoint: size and root of the ledger, to be kept where its owner cannot reach.

    The ledger is verified first. A place that keeps an earlier checkpoint takes the new one only if
    the ledger continues the earlier one. Without a place it is printed.

    Exit codes: 0 taken, 2 the ledger is empty or a place refuses, 3 broken.
    """
    from liftgate.flow.checkpoints import Destinations, keep_checkpoint
    from liftgate.store import Workspace

    kept = keep_checkpoint(Workspace.locate(), Destinations(out, git, other), sign_with=sign_with)
    made = kept.checkpoint
    if as_json:
        body = {"origin": made.origin, "size": made.size, "root": made.root.hex()}
        print_json({**body, "note": made.text, "places": list(kept.places)})
    elif not kept.places:
        click.echo(made.text, nl=False)
    for place in [] if as_json else kept.places:
        click.echo(f"Checkpoint of {_count(made.size, 'entry', 'entries')}: {place}")
    return 0


ledger.add_command(prove)
ledger.add_command(check)
ledger.add_command(attest)
ledger.add_command(pack)
ledger.add_command(unpack)


@ledger.command()
@click.argument("place", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Verify and compare both ends; change nothing.")
@options.QUIET
@prints(
    "source", "target", "entries", "held", "done", "copied?", "origin?", "root?", "consistency?"
)
def move(*, place: str, dry_run: bool, quiet: bool, as_json: bool) -> int:
    """Move the ledger into a PostgreSQL database, or back into the workspace's own file.

    PLACE is postgresql://ROLE@HOST/DATABASE, or 'sqlite' for the file.

    Every entry is copied as it is. The copy is verified as a whole, against the head of the source
    and by a proof of consistency; only then the source is closed (it is read, and takes no entry
    any more) and the workspace points to the new place. Interrupted at any point, the same command
    goes on. A workspace that shares a ledger which somebody moved follows by it, too.

    Exit codes: 0 moved or there already, 2 refused: a run is going, the target holds something
    else, a server is gone, 3 the ledger does not verify, here or there.
    """
    from liftgate.cli.ledger_text import moved, moved_text
    from liftgate.cli.progress import progress_printer
    from liftgate.flow.move import move_ledger
    from liftgate.store import Workspace

    with progress_printer(quiet=quiet or as_json) as tell:
        found = move_ledger(Workspace.locate(), place, dry_run=dry_run, show=tell)
    say(moved(found), moved_text(found), as_json=as_json)
    return 0


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
