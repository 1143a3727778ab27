"""Where checkpoints are kept once they have left the ledger: a file, a git note, another ledger.

An anchor only keeps text. What is worth keeping is that its owner is not the ledger's.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from liftgate.errors import LedgerError
from liftgate.ledger import checkpoint
from liftgate.ledger.checkpoint import Checkpoint
from liftgate.ledger.protocol import Chain
from liftgate.outputs import write_whole

NOTES = "refs/notes/liftgate"
"""Push it: ``git push REMOTE refs/notes/liftgate``."""
KEPT = "ledger.checkpoint"
"""Kind of the entry that keeps another ledger's checkpoint."""
_TIMEOUT_S = 60


def read_file(path: Path) -> tuple[Checkpoint, ...]:
    """Return the checkpoints of a file, oldest first.

    Raises:
        DataError: it holds none, or something else.
        OSError: it cannot be read.
    """
    return checkpoint.read(path.read_text(encoding="utf-8", errors="replace"), str(path))


def add_to_file(path: Path, made: Checkpoint) -> None:
    """Add a checkpoint to a file; the file is whole at every time."""
    before = path.read_bytes() if path.is_file() else b""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, before + (b"\n" if before else b"") + made.text.encode())


def read_notes(folder: Path) -> tuple[Checkpoint, ...]:
    """Return the checkpoints in the notes of a repository's commits, by size; perhaps none.

    Raises:
        LedgerError: git cannot be asked.
        DataError: a note holds something else.
    """
    if not _git(folder, "for-each-ref", "--format=%(refname)", NOTES).strip():
        return ()
    listed = _git(folder, "notes", f"--ref={NOTES}", "list").split("\n")
    found = [
        one
        for line in listed
        if line.strip()
        for one in checkpoint.read(
            _git(folder, "cat-file", "blob", line.split()[0]), f"git note {line.split()[0][:12]}"
        )
    ]
    return tuple(sorted(found, key=lambda one: one.size))


def add_note(folder: Path, made: Checkpoint) -> str:
    """Add a checkpoint to the notes of the commit that is checked out; return that commit.

    Raises:
        LedgerError: there is no repository or no commit, or git refuses.
    """
    commit = _git(folder, "rev-parse", "--verify", "HEAD^{commit}").strip()
    _git(folder, "notes", f"--ref={NOTES}", "append", "-F", "-", commit, text=made.text)
    return commit


def read_ledger(chain: Chain, origin: str | None = None) -> tuple[Checkpoint, ...]:
    """Return the checkpoints that another ledger keeps, of one ledger or of all, in their order.

    Raises:
        DataError: an entry holds something else.
        BrokenChain: that ledger was altered.
    """
    found = [
        one
        for entry in chain.entries(KEPT)
        for one in checkpoint.read(str(entry.body.get("note")), f"entry {entry.sequence}")
    ]
    return tuple(one for one in found if origin in {None, one.origin})


def add_to_ledger(chain: Chain, made: Checkpoint) -> int:
    """Append a checkpoint to another ledger; return the entry's sequence."""
    body = {"origin": made.origin, "size": made.size, "root": made.root.hex(), "note": made.text}
    refs = {"root": "sha256:" + made.root.hex()}
    return chain.append(KEPT, body, refs=refs).sequence


def _git(folder: Path, *words: str, text: str | None = None) -> str:
    command: Sequence[str] = ("git", "-C", str(folder), *words)
    try:
        done = subprocess.run(  # noqa: S603 - words, no shell; what is from outside goes by stdin
            command,
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise LedgerError(f"git {words[0]}: {error}") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise LedgerError(
            f"git {words[0]}: {said[-1] if said else f'exit code {done.returncode}'}",
            hint="checkpoints go into a note of the commit that is checked out: commit first",
        )
    return done.stdout
