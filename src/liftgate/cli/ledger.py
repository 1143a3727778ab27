"""``liftgate ledger``: verify the chain and its files, list entries, show one."""

from __future__ import annotations

import json
from pathlib import Path

import click

from liftgate.cli.ledger_text import head, line, verified
from liftgate.cli.text import contents_sentence

_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_FILE = click.Path(dir_okay=False, path_type=Path)
_TRUST = click.option(
    "--trust", type=_FILE, metavar="FILE", help="Whose keys count; default: the workspace's."
)
_SIGN = click.option(
    "--sign-with", multiple=True, metavar="KEY", help="Sign with this key of mine."
)


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
    metavar="PLACE",
    help="Checkpoints to compare with: a file, 'git' for git notes, a folder with another ledger.",
)
@click.option("--signed", is_flag=True, help="Only checkpoints that a trusted key signed count.")
@_TRUST
@_JSON
def verify(*, against: tuple[str, ...], signed: bool, trust: Path | None, as_json: bool) -> int:
    """Verify every entry, link and signature, and every file of every recorded run.

    A chain alone cannot show that its last entries were cut off, nor that its owner wrote all of it
    anew. A checkpoint that was kept elsewhere can: compare with it by --against.

    Exit codes: 0 sound, 2 there is no ledger or checkpoint, 3 broken: the first bad entry, file or
    checkpoint is named.
    """
    from liftgate.flow.ledger import verify as verify_all
    from liftgate.store import Workspace

    found = verify_all(Workspace.locate(), against=against, trust=trust, signed=signed)
    if as_json:
        click.echo(json.dumps(verified(found), indent=2))
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
@click.option("--kind", metavar="KIND", help="Only entries of this kind, e.g. decision.")
@click.option("-n", "--last", type=click.IntRange(min=1), metavar="N", help="Only the last N.")
@_JSON
def log(*, kind: str | None, last: int | None, as_json: bool) -> int:
    """List the entries in order, one line each."""
    from liftgate.flow.ledger import entries
    from liftgate.store import Workspace

    found = entries(Workspace.locate(), kind=kind, last=last)
    if as_json:
        click.echo(json.dumps({"entries": [head(e) for e in found]}, indent=2))
        return 0
    for entry in found:
        click.echo(line(entry))
    if not found:
        click.echo("No such entry." if kind else "The ledger is empty.")
    return 0


@ledger.command()
@click.argument("sequence", type=click.IntRange(min=1))
@_JSON
def show(*, sequence: int, as_json: bool) -> int:
    """Show one entry with its whole body."""
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
    text = json.dumps(whole, indent=2, ensure_ascii=False)
    click.echo(text if as_json else visible(text))
    return 0


@ledger.command()
@click.argument("sequence", type=click.IntRange(min=1))
@click.option("--path", required=True, metavar="PATH", help="Where in its body, e.g. rows.count.")
@click.option(
    "--to", "new", required=True, metavar="VALUE", help="What it should say: JSON or text."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
def correct(*, sequence: int, path: str, new: str, reason: str) -> int:
    """Correct a value of an entry by a new entry; the old one stays, and shows both.

    A decision is not corrected but made again: liftgate run does that when its rows differ.
    """
    from liftgate.flow.ledger import correct as append
    from liftgate.store import Workspace

    try:
        value = json.loads(new)
    except ValueError:
        value = new
    made = append(Workspace.locate(), sequence, path=path, new=value, reason=reason)
    click.echo(f"Entry {made.sequence} corrects entry {sequence}: {path}")
    return 0


@ledger.command()
@click.argument("digest")
@click.option("--reason", required=True, metavar="TEXT", help="Why, e.g. a request for erasure.")
def erase(*, digest: str, reason: str) -> int:
    """Erase a text, an answer or a label for good; its digest, its scores and the chain stay.

    The digest is that of a trace or of a Parquet file, sha256:… in full.
    """
    from liftgate.flow.ledger import erase as remove
    from liftgate.store import Workspace

    made = remove(Workspace.locate(), digest, reason=reason)
    click.echo(f"Erased {digest} (entry {made.sequence})")
    return 0


@ledger.command()
@click.option("--out", type=_FILE, metavar="FILE", help="Add it to this file.")
@click.option("--git", is_flag=True, help="Add it to a git note of the commit checked out here.")
@click.option(
    "--to",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="FOLDER",
    help="Append it to the ledger of another workspace.",
)
@_SIGN
@_JSON
def checkpoint(
    *, out: Path | None, git: bool, to: Path | None, sign_with: tuple[str, ...], as_json: bool
) -> int:
    """Take a checkpoint: size and root of the ledger, to be kept where its owner cannot reach.

    The ledger is verified first. A place that keeps an earlier checkpoint takes the new one only if
    the ledger continues the earlier one. Without a place it is printed.

    Exit codes: 0 taken, 2 the ledger is empty or a place refuses, 3 broken.
    """
    from liftgate.flow.checkpoints import Destinations, keep_checkpoint
    from liftgate.store import Workspace

    kept = keep_checkpoint(Workspace.locate(), Destinations(out, git, to), sign_with=sign_with)
    made = kept.checkpoint
    if as_json:
        body = {"origin": made.origin, "size": made.size, "root": made.root.hex()}
        click.echo(json.dumps({**body, "note": made.text, "places": list(kept.places)}, indent=2))
    elif not kept.places:
        click.echo(made.text, nl=False)
    for place in [] if as_json else kept.places:
        click.echo(f"Checkpoint of {_count(made.size, 'entry', 'entries')}: {place}")
    return 0


@ledger.command()
@click.argument("sequence", type=click.IntRange(min=1), required=False)
@click.option("--size", type=click.IntRange(min=1), metavar="N", help="In the first N entries.")
@click.option("--since", type=_FILE, metavar="FILE", help="Prove growth since its last checkpoint.")
@click.option("--out", type=_FILE, metavar="FILE", help="Write it here; default: print it.")
def prove(*, sequence: int | None, size: int | None, since: Path | None, out: Path | None) -> int:
    """Prove that an entry is in the ledger, or that the ledger continues a checkpoint.

    The proof is a JSON document for somebody who has a checkpoint and not the ledger.
    """
    from liftgate.flow.checkpoints import prove_entry, prove_growth
    from liftgate.store import Workspace

    if (sequence is None) == (since is None):
        raise click.UsageError("Name either the number of an entry or --since FILE.")
    workspace = Workspace.locate()
    made = prove_growth(workspace, since) if since else prove_entry(workspace, sequence or 0, size)
    text = json.dumps(made, indent=2) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"Wrote {out}")
    return 0


@ledger.command()
@click.argument("file", type=_FILE)
@click.option("--against", type=_FILE, required=True, metavar="FILE", help="File of checkpoints.")
def check(*, file: Path, against: Path) -> int:
    """Check a proof against a checkpoint; needs no ledger.

    Exit codes: 0 proven, 2 no proof or no checkpoint of its size, 3 it proves nothing.
    """
    from liftgate.flow.checkpoints import check_proof
    from liftgate.records import Entry

    found = check_proof(file, against)
    if isinstance(found, Entry):
        click.echo(f"Proven: entry {found.sequence} is in the ledger of the checkpoint.")
        click.echo(line(found))
    else:
        click.echo(f"Proven: the ledger of {found:,} entries continues the checkpoint.")
    return 0


@ledger.command()
@click.argument("sequence", type=click.IntRange(min=1))
@click.option(
    "--predicate",
    type=click.Choice(["protocol", "result", "decision", "test-result", "vsa"]),
    required=True,
    help="What the statement says of the entry.",
)
@click.option("--out", type=_FILE, metavar="FILE", help="Write the envelope here as well.")
@_SIGN
@_TRUST
def attest(
    *,
    sequence: int,
    predicate: str,
    out: Path | None,
    sign_with: tuple[str, ...],
    trust: Path | None,
) -> int:
    """Sign a statement about an entry, and append it to the ledger.

    The statement is an in-toto Statement in a DSSE envelope; it names the entry by its leaf.

    Exit codes: 0 signed, 2 no such key or entry, or a key that does not count.
    """
    from liftgate.flow.checkpoints import attest as sign
    from liftgate.store import Workspace

    if not sign_with:
        raise click.UsageError("Name a key: --sign-with KEY. A new one: liftgate keys new NAME.")
    entry, envelope = sign(
        Workspace.locate(), sequence, predicate, sign_with=sign_with, trust=trust
    )
    if out is not None:
        out.write_text(json.dumps(envelope, indent=2) + "\n", encoding="utf-8")
    click.echo(f"Signed by {', '.join(sign_with)}: entry {entry.sequence}, {predicate}")
    return 0


@ledger.command()
@click.argument("study")
@click.option("--out", type=_FILE, required=True, metavar="FILE", help="The zip that is written.")
@click.option("--checkpoint", type=_FILE, metavar="FILE", help="Prove against its last checkpoint.")
@_SIGN
@_TRUST
def pack(
    *,
    study: str,
    out: Path,
    checkpoint: Path | None,
    sign_with: tuple[str, ...],
    trust: Path | None,
) -> int:
    """Write the audit pack of the study of this name: evidence and what verifies it, in one zip.

    Whoever gets it needs Python and nothing of us: unzip verify.py, then python -I verify.py PACK.
    """
    from liftgate.flow.pack import make_pack
    from liftgate.store import Workspace

    missing = make_pack(
        Workspace.locate(), study, out, checkpoint=checkpoint, sign_with=sign_with, trust=trust
    )
    click.echo(f"Wrote {out}; it says itself what it does not cover ({len(missing)} points).")
    return 0


@ledger.command()
@click.argument("file", type=_FILE)
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="FOLDER", help="Unpack into a new folder."
)
@click.option(
    "--checkpoint", type=_FILE, metavar="FILE", help="Checkpoints that you got otherwise."
)
@click.option("--trust", type=_FILE, metavar="FILE", help="The trust file that you got otherwise.")
def unpack(*, file: Path, to: Path | None, checkpoint: Path | None, trust: Path | None) -> int:
    """Verify an audit pack that somebody gave, and unpack it if you like.

    Exit codes: 0 sound, 2 there is no such file, 3 not sound: nothing is unpacked.
    """
    from liftgate.figures.text import visible
    from liftgate.flow.pack import open_pack

    for said in open_pack(file, to=to, checkpoint=checkpoint, trust=trust):
        click.echo(visible(said))
    return 0


@ledger.command()
@click.option(
    "--to",
    required=True,
    metavar="PLACE",
    help="postgresql://ROLE@HOST/DATABASE, or 'sqlite' for the workspace's own file.",
)
@click.option("--dry-run", is_flag=True, help="Verify and compare both ends; change nothing.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@_JSON
def move(*, to: str, dry_run: bool, quiet: bool, as_json: bool) -> int:
    """Move the ledger into a PostgreSQL database, or back into the workspace's own file.

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

    with progress_printer(quiet=quiet or as_json) as show:
        found = move_ledger(Workspace.locate(), to, dry_run=dry_run, show=show)
    if as_json:
        click.echo(json.dumps(moved(found), indent=2))
        return 0
    for said in moved_text(found):
        click.echo(said)
    return 0


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
