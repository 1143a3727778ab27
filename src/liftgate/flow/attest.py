"""``ledger attest``: a signed statement about an entry, for those who do not have the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from liftgate.errors import NotAllowed
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.policies import refuse
from liftgate.ledger import Ledger, signed
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import load as load_trust
from liftgate.lineage.impact import still_reopened
from liftgate.records import Entry
from liftgate.store import Workspace

_SHIPS = "vsa"
"""The statement that says to machines that a decision ships."""
_MEASURED = ("result", "test-result")
"""What machines may attest, too: what was measured, and nothing that people answer for."""


def attest(
    workspace: Workspace,
    sequence: int,
    predicate: str,
    *,
    sign_with: Sequence[str],
    trust: Path | None = None,
) -> tuple[Entry, dict[str, Any]]:
    """Sign a statement about an entry; see ``liftgate.ledger.signed.attest``.

    A key that the trust file does not hold may sign: it says nothing for anybody.

    Raises:
        NotAllowed: the decision was reopened, and the statement says that it ships.
        Refused: a machine's key under a protocol, a decision or a release.
    """
    keys = [load_key(name) for name in sign_with]
    trusted = load_trust(trust_file(workspace, trust))
    machines = {one.key.id for one in trusted.keys if one.machine}
    with Ledger.open(workspace.home) as ledger:
        entries = list(ledger.entries())
        about = [one for one in entries if one.sequence == sequence and one.kind == "decision"]
        again = still_reopened(entries, about[0]) if about else ()
        if predicate == _SHIPS and again:
            raise NotAllowed(
                f"entry {sequence}: {'; '.join(again)}", hint="decide the study anew: liftgate run"
            )
        for key in keys:
            if predicate not in _MEASURED and key.public.id in machines:
                refuse(
                    ledger,
                    f"attest the {predicate} of entry {sequence}",
                    key,
                    f"key {key.public.name!r} is a machine's: it may draft and measure, not sign",
                    hint=f"it may attest a {' or a '.join(_MEASURED)}",
                )
        return signed.attest(ledger, sequence, predicate, keys, trusted)
