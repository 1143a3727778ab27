"""The pack's own Ed25519 against RFC 8032 and against ``cryptography``."""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from liftgate.lineage.pack_verifier import L, ed25519

# RFC 8032, 7.1: TEST 1, TEST 2 and TEST 3 (public key, message, signature).
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard_are_accepted(public, message, signature):
    assert ed25519(*(bytes.fromhex(text) for text in (public, signature, message)))


def test_it_agrees_with_cryptography_on_right_and_on_altered_signatures():
    draw = random.Random(3)
    for length in (0, 1, 200):
        key = Ed25519PrivateKey.generate()
        message = draw.randbytes(length)
        public, signature = key.public_key().public_bytes_raw(), key.sign(message)
        assert ed25519(public, signature, message)
        for place in draw.sample(range(64), 6):
            altered = bytearray(signature)
            altered[place] ^= 1 << draw.randrange(8)
            assert not ed25519(public, bytes(altered), message)
        assert not ed25519(public, signature, message + b"x")


def test_a_signature_that_is_not_the_least_of_its_kind_is_refused():
    public, message, signature = (bytes.fromhex(text) for text in VECTORS[1])
    s = int.from_bytes(signature[32:], "little") + L
    assert not ed25519(public, signature[:32] + s.to_bytes(32, "little"), message)


@pytest.mark.parametrize(
    ("public", "signature"), [(b"", b""), (b"x" * 31, b"y" * 64), (b"\xff" * 32, b"\xff" * 64)]
)
def test_what_is_no_key_or_no_signature_is_refused(public, signature):
    assert not ed25519(public, signature, b"")
