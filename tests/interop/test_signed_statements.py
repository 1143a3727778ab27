"""Our envelopes by the library of in-toto, and its envelopes by ours."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib import dsse as theirs
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from liftgate.canon import canonical
from liftgate.ledger import Ledger, dsse, statements
from liftgate.ledger.checkpoint import origin_of
from liftgate.ledger.keys import new_key
from liftgate.lineage import pack_verifier
from tests.stories.desks import DECISION, LOCK


@pytest.fixture
def key(tmp_path, monkeypatch):
    monkeypatch.setenv("LIFTGATE_KEYS", str(tmp_path / "keys"))
    return new_key("ada")


def their_key(key) -> SSlibKey:
    public = Ed25519PublicKey.from_public_bytes(key.public.public)
    return SSlibKey.from_crypto(public, keyid=key.public.id)


@pytest.mark.parametrize("predicate", sorted(statements.PREDICATES))
def test_securesystemslib_verifies_every_statement_of_ours(tmp_path, key, predicate):
    with Ledger.open(tmp_path / "ledger") as ledger:
        ledger.append("study.locked", LOCK)
        ledger.append("decision", DECISION)
        entry = ledger.entry(1 if predicate == "protocol" else 2)
        made = statements.statement(entry, predicate, origin=origin_of(ledger))
    envelope = dsse.sign(statements.TYPE, canonical(made), [key]).as_json()
    read = theirs.Envelope.from_dict(json.loads(json.dumps(envelope)))
    assert list(read.verify([their_key(key)], 1)) == [key.public.id]
    assert json.loads(read.payload)["predicateType"] == made["predicateType"]
    assert set(made) == {"_type", "subject", "predicateType", "predicate"}
    assert all(len(one["digest"]["sha256"]) == 64 for one in made["subject"])
    read.payload += b" "
    with pytest.raises(VerificationError):
        read.verify([their_key(key)], 1)


def test_both_of_our_verifiers_accept_what_securesystemslib_signs():
    signer = CryptoSigner.generate_ed25519()
    made = theirs.Envelope(b"{}", statements.TYPE, {})
    made.sign(signer)
    read = dsse.read(made.to_dict(), statements.TYPE)
    message = dsse.encoding(read.type, read.payload)
    assert message == made.pae()
    public = bytes.fromhex(signer.public_key.keyval["public"])
    (signature,) = (value for _, value in read.signatures)
    assert pack_verifier.ed25519(public, signature, message)
    assert not pack_verifier.ed25519(public, signature, message + b" ")
