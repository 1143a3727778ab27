"""Who made what is to be signed: everything by which an author may be called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from liftgate.gates.rights import Signer
from liftgate.ledger import consent
from liftgate.ledger.consent import Consent
from liftgate.records import Entry
from liftgate.study.lock import AMENDED, LOCKED


def called(signers: Iterable[Signer]) -> frozenset[str]:
    """Return the persons of some signers, with the ids and names of their keys."""
    return frozenset(text for one in signers for text in one.names)


def authors_of(signers: Iterable[Signer], locks: Iterable[Entry]) -> frozenset[str]:
    """Return who made a study.

    Args:
        signers: who signed its protocol.
        locks: its lock and amendments, whose entries carry a name that is a label.
    """
    return called(signers) | frozenset(name for entry in locks for name in _labels(entry.author))


def locks_of(entries: Iterable[Entry], study: str) -> list[Entry]:
    """Return the locks and amendments of a study, in order."""
    return [e for e in entries if e.kind in (LOCKED, AMENDED) and e.body.get("name") == study]


def protocols_of(consents: Iterable[Consent], locks: Sequence[Entry]) -> list[Consent]:
    """Return the signatures under a study's locks."""
    numbers = {entry.sequence for entry in locks}
    return [one for one in consents if one.act == consent.PROTOCOL and one.about in numbers]


def _labels(author: str) -> Iterator[str]:
    name, _, mail = author.partition("<")
    yield from (author, name.strip(), mail.rstrip(">"), mail.partition("@")[0])
