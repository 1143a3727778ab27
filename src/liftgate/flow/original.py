"""What a run was: its rows, data, arms and lock, as the ledger and the store hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import fsum
from typing import Any

from liftgate.errors import DataError, UnknownName
from liftgate.evals.prices import Prices, read_prices
from liftgate.evals.select import select
from liftgate.flow.recorded import dataset_of, plan_of
from liftgate.flow.rerun import Rows
from liftgate.flow.shadow import key_of, outcome_of, said
from liftgate.ledger import Ledger
from liftgate.records import Dataset, Entry, Observation, Run
from liftgate.store import Store, Workspace
from liftgate.study import lock
from liftgate.study.design import Study


@dataclass(frozen=True, eq=False)
class Original:
    """A run, or all the counted trials of a study, to be made again."""

    name: str
    body: Mapping[str, Any]
    """Of the lock or amendment under which it ran."""
    manifest: Mapping[str, Any]
    """Of the run; of several, of the last."""
    runs: tuple[str, ...]
    rows: Rows
    items: tuple[str, ...]
    arms: tuple[str, ...]
    dataset: Dataset
    said: Mapping[str, Any]
    """By what the servers of then can be told from those of now."""
    costs: tuple[float | None, ...]
    currency: str

    @property
    def concurrency(self) -> int | None:
        """Calls in flight, where all arms had as many."""
        limits = set((self.manifest.get("concurrency") or {}).values())
        return next(iter(limits)) if len(limits) == 1 else None

    def estimate(self, passes: int, narrowing: int) -> list[str]:
        """Say how many calls one pass makes, and what such calls did cost.

        Args:
            passes: how many there may be at most, to find the cause.
            narrowing: how many more, to tell the parts of the cause apart.
        """
        repeats = int(self.body["study"].get("repeats", 1))
        calls = len(self.items) * len(self.arms) * repeats
        lines = [f"One pass makes {calls:,} calls; there may be up to {passes} passes, "
                 f"and {narrowing} more where several parts of one changed"]  # fmt: skip
        passes += narrowing
        known = [cost for cost in self.costs if cost is not None]
        if known:
            cost = fsum(known) * calls / len(known)
            lines.append(
                f"Cost: about {cost:,.4g} {self.currency} a pass, at most about "
                f"{passes * cost:,.4g} {self.currency}, by what its calls did cost"
            )
            if len(known) < len(self.costs):
                lines[-1] += f" (known of {len(known):,} of {len(self.costs):,})"
        else:
            lines.append("Cost: not known, no call of it has a price")
        return lines


def original_of(name: str, workspace: Workspace) -> Original:
    """Return a run by its id, or all the trials that a study counts by its name.

    Raises:
        UnknownName: no such run or study.
        DataError: it holds no trials that count, or its lock is not in the ledger.
        LiftgateError: a stored row or the ledger was altered.
    """
    with Ledger.open(workspace.home, read_only=True) as ledger:
        ledger.verify()
        entries = list(ledger.entries())
    with Store.open(workspace.home, read_only=True) as store:
        runs = {run.id: run for run in store.runs()}
        body, time = _meant(name, runs, entries)
        model = Study(**body["study"])
        dataset, _ = dataset_of({"dataset": {**body["dataset"], "name": model.study}}, model, store)
        observations = _selected(body, model, dataset, time, store)
    own = [row for row in observations if name not in runs or row.trial.run == name]
    if not own:
        raise DataError(f"{name}: it holds no trials that count")
    names = {fingerprint: arm for arm, fingerprint in body["arms"].items()}
    made = sorted({row.trial.run for row in own})
    manifest = runs[made[-1]].manifest
    costs, currency = _costs(own, model, body, workspace)
    return Original(
        name=name,
        body=body,
        manifest=manifest,
        runs=tuple(made),
        rows={key_of(row, names[row.arm]): outcome_of(row) for row in own},
        items=tuple(sorted({row.item for row in own})),
        arms=tuple(sorted({names[row.arm] for row in own})),
        dataset=dataset,
        said=said(own, names, manifest),
        costs=costs,
        currency=currency,
    )


def _meant(
    name: str, runs: Mapping[str, Run], entries: Sequence[Entry]
) -> tuple[Mapping[str, Any], datetime]:
    """Return the lock that a name is about, and from when on a candidate's trials count."""
    if name in runs:
        run = runs[name]
        held = [
            e.body
            for e in entries
            if e.kind in (lock.LOCKED, lock.AMENDED) and e.body["study_digest"] == run.study
        ]
        if not held:
            raise DataError(f"run {name}: its study's lock is not in the ledger")
        return held[-1], run.started_at
    locked = lock.current(entries, name)
    if locked is None:
        studies = {str(e.body["name"]) for e in entries if e.kind == lock.LOCKED}
        raise UnknownName("run or study", name, {*runs, *studies})
    return locked.body, locked.time


def _selected(
    body: Mapping[str, Any], model: Study, dataset: Dataset, time: datetime, store: Store
) -> tuple[Observation, ...]:
    arms = [
        {"name": n, "role": a.role, "system": a.system, "params": a.params,
         "fingerprint": body["arms"][n]}
        for n, a in model.arms.items()
    ]  # fmt: skip
    locked = lock.Locked(model.study, 0, time, body, body)
    return select(plan_of({"arms": arms}, locked, model, dataset), store)


def _costs(
    rows: Sequence[Observation], model: Study, body: Mapping[str, Any], workspace: Workspace
) -> tuple[tuple[float | None, ...], str]:
    prices = read_prices(workspace.prices) if workspace.prices.is_file() else Prices()
    systems = {body["arms"][name]: arm.system for name, arm in model.arms.items()}
    return tuple(row.trial.cost for row in prices.priced(rows, systems)), prices.currency
