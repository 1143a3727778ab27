"""What a decision rests on beside its rows, and what a policy asks of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from liftgate.gates.condition import Condition, cannot_tell, met, not_met
from liftgate.gates.rights import Signer


def capture_complete(captured: Mapping[str, Sequence[str] | None]) -> Condition:
    """Say whether all is known of the code, data and machine of the runs that a decision rests on.

    Args:
        captured: run -> one sentence for each thing that was not captured or not kept; None: the
            ledger does not say.
    """
    lacking = [f"run {run}: {'; '.join(told)}" for run, told in captured.items() if told]
    if lacking:
        rest = f"; {len(lacking) - 1} more runs" if len(lacking) > 1 else ""
        return not_met("capture", f"{lacking[0]}{rest}")
    unknown = [run for run, told in captured.items() if told is None]
    if unknown or not captured:
        which = f"run {unknown[0]}" if unknown else "any run"
        return cannot_tell("capture", f"not assessed: it is not known what was captured of {which}")
    runs = f"{len(captured):,} run{'s' if len(captured) > 1 else ''}"
    return met("capture", f"complete, of {runs}")


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
