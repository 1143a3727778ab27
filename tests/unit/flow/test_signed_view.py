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
        Trusted(PublicKey(name, bytes(32), start, start + timedelta(days=900))) for name in by
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
        (signed(consent.WAIVER, 4), "does not count", "it lacks what a waiver says"),
    ],
)
def test_a_signature_counts_where_it_is_about_what_holds(one, state, why):
    assert state_of(one, GROUND) == (state, why)


@pytest.mark.parametrize(
    ("judged", "state"),
    [("open", "valid"), ("expired", "expired"), ("void", "does not count")],
)
def test_a_waiver_is_called_what_its_gate_calls_it(judged, state):
    ground = replace(GROUND, waivers={20: (judged, "why")})
    assert state_of(signed(consent.WAIVER, 4), ground) == (state, "why")


def test_before_the_evidence_was_looked_at_nothing_is_called_valid_that_rests_on_it():
    unseen = Ground(held=4, decision=9, policy="sha256:p")
    for act in (consent.APPROVAL, consent.RECORD):
        assert state_of(signed(act, 9), unseen)[0] == "not compared"
    assert state_of(signed(consent.APPROVAL, 6), unseen)[0] == "stale"


def test_an_approval_that_the_gate_does_not_count_is_not_called_valid_or_stale():
    ground = replace(GROUND, uncounted={20: "the author does not approve"})
    for about in (9, 6):
        one = signed(consent.APPROVAL, about)
        assert state_of(one, ground) == ("does not count", "the author does not approve")
    # An author signs the protocol and may sign the record.
    for act, about in ((consent.PROTOCOL, 4), (consent.RECORD, 9)):
        assert state_of(signed(act, about), ground)[0] == "valid"
