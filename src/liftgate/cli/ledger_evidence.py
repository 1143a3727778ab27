"""``liftgate ledger prove``, ``check``, ``attest``, ``pack`` and ``unpack``: for others."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import complete, options
from liftgate.cli.ledger_text import head, line
from liftgate.cli.result import as_text, prints
from liftgate.cli.result import show as say


@click.command()
@click.argument(
    "sequence", type=click.IntRange(min=1), required=False, shell_complete=complete.entries
)
@click.option("--size", type=click.IntRange(min=1), metavar="N", help="In the first N entries.")
@click.option(
    "--since", type=options.FILE, metavar="FILE", help="Prove growth since its last checkpoint."
)
@click.option("--out", type=options.FILE, metavar="FILE", help="Write it here. Default: print it.")
@prints("liftgate", "proof", "origin", "size", "path", "entry?", "old?", "root?")
def prove(
    *,
    sequence: int | None,
    size: int | None,
    since: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Prove that an entry is in the ledger, or that the ledger continues a checkpoint.

    The proof is a JSON document for somebody who has a checkpoint and not the ledger; it is what
    is printed, too, with --json or without --out.

    Exit codes: 0 proven, 2 wrong use, no such entry, or the file exists, 3 the ledger
    does not continue it.
    """
    from liftgate.flow.checkpoints import prove_entry, prove_growth
    from liftgate.outputs import write_new
    from liftgate.store import Workspace

    if (sequence is None) == (since is None):
        raise click.UsageError("Name either the number of an entry or --since FILE.")
    workspace = Workspace.locate()
    made = prove_growth(workspace, since) if since else prove_entry(workspace, sequence or 0, size)
    if out is not None:
        write_new(out, as_text(made) + "\n")
    say(made, f"Wrote {out}", as_json=as_json or out is None)
    return 0


@click.command()
@click.argument("file", type=options.FILE)
@click.option(
    "--against", type=options.FILE, required=True, metavar="FILE", help="Checkpoints: a file."
)
@prints("proven", "entries", "entry")
def check(*, file: Path, against: Path, as_json: bool) -> int:
    """Check a proof against a checkpoint; needs no ledger.

    Exit codes: 0 proven, 2 no proof or no checkpoint of its size, 3 it proves nothing.
    """
    from liftgate.flow.checkpoints import check_proof
    from liftgate.records import Entry

    found = check_proof(file, against)
    if isinstance(found, Entry):
        say(
            {"proven": "entry", "entries": None, "entry": head(found)},
            f"Proven: entry {found.sequence} is in the ledger of the checkpoint.",
            line(found),
            as_json=as_json,
        )
    else:
        said = f"Proven: the ledger of {found:,} entries continues the checkpoint."
        say({"proven": "growth", "entries": found, "entry": None}, said, as_json=as_json)
    return 0


@click.command()
@click.argument("sequence", type=click.IntRange(min=1), shell_complete=complete.entries)
@click.option(
    "--predicate",
    type=click.Choice(["protocol", "result", "decision", "test-result", "vsa"]),
    required=True,
    help="What the statement says of the entry.",
)
@click.option("--out", type=options.FILE, metavar="FILE", help="Write the envelope here as well.")
@options.KEYS
@options.TRUST
@prints("entry", "about", "predicate", "signed_by", "envelope")
def attest(
    *,
    sequence: int,
    predicate: str,
    out: Path | None,
    sign_with: tuple[str, ...],
    given: Path | None,
    as_json: bool,
) -> int:
    """Sign a statement about an entry, and append it to the ledger.

    The statement is an in-toto Statement in a DSSE envelope; it names the entry by its leaf.

    Exit codes: 0 signed, 2 no such key or entry, a key that does not count, or the file exists,
    3 the ledger was altered.
    """
    from liftgate.flow.attest import attest as sign
    from liftgate.outputs import refuse_existing, write_new
    from liftgate.store import Workspace

    if not sign_with:
        raise click.UsageError("Name a key: --sign-with KEY. A new one: liftgate keys new NAME.")
    refuse_existing(out)
    entry, envelope = sign(
        Workspace.locate(), sequence, predicate, sign_with=sign_with, trust=given
    )
    if out is not None:
        write_new(out, as_text(envelope) + "\n")
    body = {
        "entry": entry.sequence,
        "about": sequence,
        "predicate": predicate,
        "signed_by": list(sign_with),
        "envelope": envelope,
    }
    said = f"Signed by {', '.join(sign_with)}: entry {entry.sequence}, {predicate}"
    say(body, said, as_json=as_json)
    return 0


@click.command()
@options.STUDY_OR_NAME
@click.option(
    "--out", type=options.FILE, required=True, metavar="FILE", help="The zip that is written."
)
@click.option(
    "--against", type=options.FILE, metavar="FILE", help="Checkpoints: prove against its last one."
)
@options.KEYS
@options.TRUST
@prints("file", "not_covered")
def pack(
    *,
    study: str,
    out: Path,
    against: Path | None,
    sign_with: tuple[str, ...],
    given: Path | None,
    as_json: bool,
) -> int:
    """Write the audit pack of the study of this name: evidence and what verifies it, in one zip.

    Whoever gets it needs Python and nothing of us: unzip verify.py, then python -I verify.py PACK.

    Exit codes: 0 written, 2 no such study, or the file exists, 3 the ledger was altered.
    """
    from liftgate.flow.pack import make_pack
    from liftgate.store import Workspace

    missing = make_pack(
        Workspace.locate(), study, out, checkpoint=against, sign_with=sign_with, trust=given
    )
    said = f"Wrote {out}; it says itself what it does not cover ({len(missing)} points)."
    say({"file": str(out), "not_covered": list(missing)}, said, as_json=as_json)
    return 0


@click.command()
@click.argument("file", type=options.FILE)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Unpack into a new folder."
)
@click.option(
    "--against", type=options.FILE, metavar="FILE", help="Checkpoints that you got otherwise."
)
@click.option(
    "--trust",
    "given",
    type=options.FILE,
    metavar="FILE",
    help="Whose keys count: the trust file that you got otherwise.",
)
@prints("file", "says", "folder")
def unpack(
    *, file: Path, out: Path | None, against: Path | None, given: Path | None, as_json: bool
) -> int:
    """Verify an audit pack that somebody gave, and unpack it if you like.

    Exit codes: 0 sound, 2 there is no such file, 3 not sound: nothing is unpacked.
    """
    from liftgate.flow.pack import open_pack

    says = list(open_pack(file, to=out, checkpoint=against, trust=given))
    body = {"file": str(file), "says": says, "folder": out and str(out)}
    say(body, says, as_json=as_json)
    return 0
