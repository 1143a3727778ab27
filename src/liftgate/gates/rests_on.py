"""What a decision rests on beside its rows, and what a policy asks of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from liftgate.gates.condition import Condition, met, not_met
from liftgate.gates.rights import Signer


def labels_vouched(metric: str, entries: Mapping[int, Sequence[Signer]]) -> Condition:
    """Say whether people signed for the labels that stand for a judge's word.

    Args:
        metric: that the judge scores.
        entries: entry of the draw, and of each set of labels -> who signed that.
    """
    name = f"labels:{metric}"
    unsigned = [number for number, by in entries.items() if all(one.machine for one in by)]
    if not unsigned:
        told = " and ".join(map(str, entries))
        return met(name, f"drawn and given as ledger entries {told} say, which are signed")
    which, verb = ("entries", "are") if len(unsigned) > 1 else ("entry", "is")
    said = f"ledger {which} {' and '.join(map(str, unsigned))} {verb} signed by nobody"
    how = f"liftgate judge calibrate STUDY@{metric} --labels FILE --sign-with KEY"
    return not_met(name, f"{said}: {how}")
