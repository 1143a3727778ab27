"""What was set aside of a study, judged as its gate judges it: policy, authors, conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from liftgate.flow.authors import authors_of, locks_of, protocols_of
from liftgate.flow.lending import declared, glasses, set_aside
from liftgate.flow.policies import effective, in_force, signers_of
from liftgate.gates.demands import SetAside, void_waiver
from liftgate.gates.glass import Glass, glass_fault
from liftgate.gates.lending import conflicts_of
from liftgate.gates.policy import SHIPPED, Policy
from liftgate.gates.rights import folded
from liftgate.ledger import consent
from liftgate.ledger.consent import Consent
from liftgate.ledger.trust import Trust
from liftgate.records import Entry


@dataclass(frozen=True)
class Asides:
    """A verified ledger with the signatures that count, or what it was at some entry."""

    entries: Sequence[Entry]
    consents: Sequence[Consent]
    trust: Trust

    def policy(self, study: str) -> Policy:
        """Return the policy that holds for a study; of an unknown one, the lightest."""
        locks = locks_of(self.entries, study)
        model = locks[-1].body.get("study") if locks else None
        level = model.get("tier") if isinstance(model, dict) else None
        return effective(
            in_force(self.entries, self.consents), level if level in SHIPPED else SHIPPED[0]
        )

    def authors(self, study: str) -> frozenset[str]:
        """Return who made a study; see ``authors_of``."""
        locks = locks_of(self.entries, study)
        return authors_of(signers_of(protocols_of(self.consents, locks)), locks)

    def conflicts(self, study: str) -> dict[str, str]:
        """Return person -> why that person may not sign for a study."""
        said = declared(self.consents, self.trust)
        return dict(conflicts_of(said, study, self.policy(study)))

    def barred(self, study: str) -> dict[str, str]:
        """Return why whoever is called so, folded, may not approve a study."""
        authors = {folded(one): "the author does not approve" for one in self.authors(study)}
        return {**self.conflicts(study), **authors}

    def waived(self, study: str, waiver: SetAside, name: str) -> bool:
        """Whether a waiver set a condition aside while its time was not over."""
        return not self.void(study, waiver, name)

    def void(self, study: str, waiver: SetAside, name: str) -> str:
        """Say why a waiver never set a condition aside, or return an empty text."""
        plan, who = self.policy(study).waivers, self.authors(study)
        return void_waiver(plan, waiver, name, who, self.conflicts(study))

    def void_waivers(self, study: str, mine: Sequence[Consent]) -> dict[int, str]:
        """Return entry -> why the waiver that it signs sets nothing aside.

        Args:
            study: the study's name.
            mine: signatures about it.
        """
        found = {}
        for one in mine:
            alike = [c for c in mine if (c.act, c.about, c.said) == (one.act, one.about, one.said)]
            for waiver in set_aside(alike):
                faults = [self.void(study, waiver, name) for name in waiver.conditions]
                if all(faults):
                    found[one.sequence] = faults[0] if faults else "it names no condition"
        return found

    def set_aside(self, study: str, name: str, now: datetime) -> bool:
        """Whether a condition of a study was set aside at a time: waived, or under a glass."""
        mine = [one for one in self.consents if self._about(one, study)]
        plan = self.policy(study).break_glass
        waived = any(
            self.waived(study, one, name)
            for one in set_aside(mine)
            if name in one.conditions and one.made <= now < one.until
        )
        return waived or any(
            _holds(one, now) and not glass_fault(plan, one)
            for one in glasses(mine, self.consents, self.trust)
            if name not in plan.never
        )

    def _about(self, one: Consent, study: str) -> bool:
        about = self.entries[one.about - 1]
        kinds = (consent.WAIVER, consent.GLASS)
        return one.act in kinds and about in locks_of(self.entries, study)


def _holds(one: Glass, now: datetime) -> bool:
    return one.made <= now < one.until
