"""Keys, the trust file and the text of checkpoints: what is read, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from liftgate.errors import BrokenChain, DataError, LedgerError, NotAllowed, UnknownName
from liftgate.ledger import checkpoint, dsse, trust
from liftgate.ledger.keys import folder, load_key, new_key, own_names
from liftgate.ledger.trust import Trust, Trusted

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


@pytest.fixture
def ada(tmp_path, monkeypatch):
    monkeypatch.setenv("LIFTGATE_KEYS", str(tmp_path / "keys"))
    return new_key("ada", now=NOW)


def first(key, **changes) -> Trust:
    return Trust(owners=(key.public.id,), keys=(Trusted(key.public, **changes),))


def test_a_private_key_is_its_owners_alone_and_never_shown(ada):
    path = folder() / "ada.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key("ada") == ada
    assert own_names() == ["ada"]
    assert "secret" not in repr(ada)
    path.chmod(0o644)
    with pytest.raises(LedgerError, match="others can read"):
        load_key("ada")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", ".x", "a" * 65, "é"])
def test_a_name_that_could_leave_the_folder_or_a_line_is_refused(ada, name):
    with pytest.raises(DataError, match="key name"):
        new_key(name)
    with pytest.raises(DataError, match="key name"):
        load_key(name)


def test_a_name_is_taken_once_and_an_unknown_one_says_which_exist(ada):
    with pytest.raises(DataError, match="there is one of that name"):
        new_key("ada")
    with pytest.raises(UnknownName, match="ada"):
        load_key("adda")
    with pytest.raises(DataError, match="days"):
        new_key("bob", days=0)


@pytest.mark.parametrize("damage", ["{}", "no", '{"secret": "!"}', "[1]"])
def test_a_damaged_key_file_is_named(ada, damage):
    (folder() / "ada.json").write_text(damage)
    with pytest.raises(DataError, match=r"ada\.json"):
        load_key("ada")


def test_a_key_counts_from_its_first_moment_to_its_last_or_its_revocation(ada):
    one = Trusted(ada.public)
    assert "only from" in one.fault_at(NOW - timedelta(seconds=1))
    assert one.fault_at(NOW) == ""
    assert "was valid until" in one.fault_at(NOW + timedelta(days=365))
    gone = replace(one, revoked_at=NOW + timedelta(hours=1), reason="lost")
    assert gone.fault_at(NOW + timedelta(minutes=59)) == ""
    assert "(lost)" in gone.fault_at(NOW + timedelta(hours=1))


def test_a_trust_file_is_read_as_it_was_written_and_a_cut_or_altered_one_is_not(ada, tmp_path):
    one = first(ada).sealed([ada], now=NOW)
    bob = new_key("bob", now=NOW)
    two = one.with_key(Trusted(bob.public, ("decider",))).sealed([ada], now=NOW)
    path = tmp_path / "trust.json"
    trust.save(two, path)
    assert trust.load(path) == two
    assert two.named("bob").roles == ("decider",)
    fields = json.loads(path.read_text())
    with pytest.raises(BrokenChain, match="version 1"):
        trust.read(fields["versions"][1:], "x")
    old, new = (version["signatures"][0] for version in fields["versions"])
    new["sig"] = old["sig"]
    with pytest.raises(BrokenChain, match="not its"):
        trust.read(fields["versions"], "x")


def test_nobody_but_an_owner_changes_a_trust_file_and_no_key_comes_back(ada):
    one, bob = first(ada).sealed([ada], now=NOW), new_key("bob", now=NOW)
    with pytest.raises(NotAllowed, match="signed by 0"):
        one.with_key(Trusted(bob.public)).sealed([bob], now=NOW)
    two = one.with_key(Trusted(bob.public)).sealed([ada], now=NOW)
    three = two.without("bob", at=NOW, reason="left").sealed([ada], now=NOW)
    with pytest.raises(DataError, match="stays so"):
        three.with_key(Trusted(bob.public))
    with pytest.raises(NotAllowed, match="stays so"):
        replace(three, keys=two.keys).sealed([ada], now=NOW)
    with pytest.raises(NotAllowed, match="no longer listed"):
        replace(three, keys=one.keys).sealed([ada], now=NOW)
    with pytest.raises(NotAllowed, match="signed by 0"):
        three.sealed([ada], now=NOW + timedelta(days=400))


def test_an_envelope_of_another_type_or_shape_is_refused(ada):
    made = dsse.sign("a/b", b"{}", [ada])
    assert dsse.encoding("a/b", b"{}") == b"DSSEv1 3 a/b 2 {}"
    assert dsse.signers(made, [ada.public]) == [ada.public]
    assert dsse.signers(made, []) == []
    assert dsse.read(made.as_json(), "a/b") == made
    for bad in (
        {},
        None,
        [],
        {**made.as_json(), "signatures": {}},
        {**made.as_json(), "payload": 1},
    ):
        with pytest.raises(DataError):
            dsse.read(bad, "a/b")
    with pytest.raises(DataError, match="of type 'a/b'"):
        dsse.read(made.as_json(), "c/d")
    with pytest.raises(BrokenChain):
        dsse.signers(replace(made, type="c/d"), [ada.public])


def test_a_signature_that_is_there_twice_is_one_signer(ada):
    made = dsse.sign("a/b", b"{}", [ada])
    twice = replace(made, signatures=made.signatures * 2)
    assert dsse.signers(twice, [ada.public]) == [ada.public]


def test_a_checkpoint_is_read_as_it_was_written(ada):
    made = checkpoint.Checkpoint("liftgate/" + "0" * 16, 7, b"r" * 32, NOW).signed(ada)
    assert checkpoint.read(made.text + "\n" + made.text, "x") == (made, made)
    assert made.signers([ada.public]) == [ada.public]
    assert made.signers([]) == []
    with pytest.raises(BrokenChain, match="'ada' is not its"):
        replace(made, size=8).signers([ada.public])


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "x", "liftgate/0000000000000000\n7\nAA==\ntime 2026-11-27T09:00:00+00:00\n",
     "liftgate/0000000000000000\n07\n" + "A" * 43 + "=\ntime 2026-11-27T09:00:00+00:00\n",
     "liftgate/0000000000000000\n7\n" + "A" * 43 + "=\ntime yesterday\n",
     "liftgate/0000000000000000\n7\n" + "A" * 43 + "=\ntime 2026-11-27T09:00:00\n",
     "\u2014 ada AAAA\n"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(DataError, match="x"):
        checkpoint.read(text, "x")
