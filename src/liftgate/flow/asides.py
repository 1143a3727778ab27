"""What was set aside of a study, judged as its gate judges it: policy, authors, conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from liftgate.flow.authors import authors_of, locks_of, protocols_of
from liftgate.flow.lending import declared, glasses, grouped, lent, set_aside
from liftgate.flow.policies import effective, in_force, signers_of
from liftgate.gates.glass import Glass, glass_fault
from liftgate.gates.lending import conflicts_of, with_lent
from liftgate.gates.policy import SHIPPED, Policy
from liftgate.gates.rights import Places, folded, signer_fault
from liftgate.gates.waivers import VOID, Judged, SetAside, judge_waiver
from liftgate.ledger import consent
from liftgate.ledger.consent import Consent
from liftgate.ledger.trust import Trust
from liftgate.records import Entry
from liftgate.study.lock import AMENDED, LOCKED


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

    def study_of(self, about: int) -> str:
        """Return the study whose lock or amendment an entry is; empty: it is neither.

        What a statement calls its study is not asked: a gate takes it for what it is about.
        """
        entry = self.entries[about - 1]
        return str(entry.body.get("name")) if entry.kind in (LOCKED, AMENDED) else ""

    def judge(self, study: str, waiver: SetAside, now: datetime) -> Judged:
        """Say what a waiver about a study does at a time, as its gate does."""
        return judge_waiver(
            self.policy(study).waivers,
            waiver,
            now=now,
            authors=self.authors(study),
            conflicts=self.conflicts(study),
        )

    def waivers(
        self, now: datetime, among: Sequence[Consent] | None = None
    ) -> list[tuple[SetAside, str, Judged]]:
        """Return waivers, each with its study and what it does at a time.

        Args:
            now: the time.
            among: signatures, all that are about some entries; None: every one.
        """
        asked = self.consents if among is None else among
        about = {one.sequence: one.about for one in asked}
        found = []
        for one in set_aside(asked):
            study = self.study_of(about[one.sequence])
            judged = self.judge(study, one, now) if study else Judged(VOID, {"": NO_STUDY})
            found.append((one, study, judged))
        return found

    def waiver_states(self, now: datetime, among: Sequence[Consent]) -> dict[int, tuple[str, str]]:
        """Return entry of each signature under a waiver -> what that does, and why or until when.

        A signature under what is no waiver is not among them. Arguments as for ``waivers``.
        """
        words = {
            one.sequence: (judged.state, judged.why or f"until {one.until:%Y-%m-%d %H:%M}")
            for one, _, judged in self.waivers(now, among)
        }
        return {
            one.sequence: words[last.sequence]
            for group in grouped(among, consent.WAIVER)
            if (last := group[-1]).sequence in words
            for one in group
        }

    def approval_faults(
        self, study: str, approvals: Sequence[Consent], fresh: Sequence[Consent]
    ) -> dict[int, str]:
        """Return entry of an approval -> why the gate counts nobody who signed it.

        Args:
            study: the study's name.
            approvals: of its decisions.
            fresh: those that are about the present one: a delegate fills no place beside whoever
                sent them.
        """
        policy, against = self.policy(study), self.conflicts(study)
        excluded = {folded(one) for one in self.authors(study)}
        roles = lent(self.consents, self.trust)
        places = Places(excluded | set(against), {one.who for one in signers_of(fresh)})
        found = {}
        for one in approvals:
            whys = []
            for who in with_lent(signers_of([one], role=True), roles, policy):
                why = signer_fault(who, excluded, against)
                whys.append(why or (places.fault(who, who.claimed or "") if one in fresh else ""))
            if all(whys):
                found[one.sequence] = whys[0] if whys else "no key whose word counts"
        return found

    def set_aside(self, study: str, name: str, now: datetime) -> bool:
        """Whether a condition of a study was set aside at a time: waived, or under a glass."""
        mine = [one for one in self.consents if self._about(one, study)]
        plan = self.policy(study).break_glass
        waived = any(
            one.made <= now and not self.judge(study, one, now).fault(name)
            for one in set_aside(mine)
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


NO_STUDY = "it is about no locked study"


def _holds(one: Glass, now: datetime) -> bool:
    return one.made <= now < one.until
