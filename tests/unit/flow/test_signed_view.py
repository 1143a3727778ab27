"""Whether a signature counts: about which lock, decision, policy and evidence it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from liftgate.flow.signed_view import Ground, state_of
from liftgate.ledger import consent
from liftgate.ledger.consent import Consent
from liftgate.ledger.keys import PublicKey
from liftgate.ledger.trust import Trusted

NOW = datetime(2026, 11, 27, tzinfo=UTC)
GROUND = Ground(held=4, decision=9, policy="sha256:p", evidence="sha256:e")
SAID = {"policy": "sha256:p", "_evidence": "sha256:e"}


def signed(act, about, *, by=("bob",), **said):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    signers = tuple(
        Trusted(PublicKey(name, bytes(32), start, start + timedelta(days=900)), person=person)
        for name, person in (pair if isinstance(pair, tuple) else (pair, "") for pair in by)
    )
    return Consent(20, about, act, {**SAID, **said}, signers, (), NOW)


@pytest.mark.parametrize(
    ("one", "state", "why"),
    [
        (signed(consent.APPROVAL, 9), "valid", ""),
        (signed(consent.APPROVAL, 6), "stale", "about an earlier decision"),
        (signed(consent.APPROVAL, 9, policy="sha256:q"), "stale", "about another policy"),
        (signed(consent.APPROVAL, 9, _evidence="sha256:f"), "stale", "about other evidence"),
        (signed(consent.APPROVAL, 9, by=()), "does not count", "no key whose word counts"),
        (signed(consent.RECORD, 9, policy=None), "valid", ""),
        (signed(consent.RECORD, 9, _evidence="sha256:f"), "stale", "about other evidence"),
        (signed(consent.PROTOCOL, 4), "valid", ""),
        (signed(consent.PROTOCOL, 2), "stale", "about an earlier lock"),
        (signed(consent.FORECAST, 4), "valid", ""),
        (signed(consent.WAIVER, 4), "does not count", "it does not say until when"),
    ],
)
def test_a_signature_counts_where_it_is_about_what_holds(one, state, why):
    assert state_of(one, GROUND, NOW) == (state, why)


def test_a_waiver_counts_until_its_end():
    until = (NOW + timedelta(days=1)).isoformat()
    waiver = signed(consent.WAIVER, 4, until=until)
    assert state_of(waiver, GROUND, NOW) == ("valid", "until 2026-11-28 00:00")
    assert state_of(waiver, GROUND, NOW + timedelta(days=1))[0] == "expired"


def test_before_the_evidence_was_looked_at_nothing_is_called_valid_that_rests_on_it():
    unseen = Ground(held=4, decision=9, policy="sha256:p")
    for act in (consent.APPROVAL, consent.RECORD):
        assert state_of(signed(act, 9), unseen, NOW)[0] == "not compared"
    assert state_of(signed(consent.APPROVAL, 6), unseen, NOW)[0] == "stale"


def test_an_approval_of_the_author_or_in_a_conflict_counts_for_nothing_whichever_key_it_is():
    ground = replace(GROUND, barred={"ada": "the author does not approve", "kim": "a conflict"})
    own = signed(consent.APPROVAL, 9, by=(("ada-laptop", "ada"),))
    assert state_of(own, ground, NOW) == ("does not count", "the author does not approve")
    assert state_of(signed(consent.APPROVAL, 9, by=("Kim",)), ground, NOW)[1] == "a conflict"
    assert state_of(signed(consent.APPROVAL, 9, by=("kim", "bob")), ground, NOW)[0] == "valid"
    # An author signs the protocol and may sign the record.
    for act, about in ((consent.PROTOCOL, 4), (consent.RECORD, 9)):
        assert state_of(signed(act, about, by=("ada",)), ground, NOW)[0] == "valid"


def test_a_waiver_that_sets_nothing_aside_is_not_called_valid():
    ground = replace(GROUND, void={20: "it holds longer than 3 days"})
    waiver = signed(consent.WAIVER, 4, until=(NOW + timedelta(days=9)).isoformat())
    assert state_of(waiver, ground, NOW) == ("does not count", "it holds longer than 3 days")
