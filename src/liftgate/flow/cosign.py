"""Signing on separate machines: a request goes out as a file, and comes back signed.

What is signed is the statement itself, so whoever signs needs neither the ledger nor our word: the
file shows what it says, and the ledger takes it only if it is about one of its own entries.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate.canon import parse
from liftgate.errors import DataError, NotAllowed, Refused
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.policies import REFUSED
from liftgate.ledger import Ledger, consent, dsse, statements
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import load as load_trust
from liftgate.outputs import write_new, write_whole
from liftgate.records import Entry
from liftgate.records.notebook import Card
from liftgate.store import Workspace

FORMAT = 1
_FOREIGN = (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError)
_KIND = "liftgate-signature-request"


@dataclass(frozen=True)
class Request(Card):
    """A statement that waits for signatures."""

    payload: bytes
    signatures: tuple[Mapping[str, str], ...] = ()

    @property
    def statement(self) -> Mapping[str, Any]:
        """What is signed: an in-toto statement."""
        found: Mapping[str, Any] = parse(self.payload)
        return found

    def says(self) -> list[str]:
        """Return what a signature consents to, line by line, from the signed bytes alone."""
        made = self.statement
        lines = [f"{made['predicateType']}"]
        lines += [f"about {s['name']}, sha256:{s['digest']['sha256']}" for s in made["subject"]]
        said = made["predicate"].items()
        return lines + [f"{name}: {json.dumps(v, ensure_ascii=False)}" for name, v in said]

    def as_json(self) -> dict[str, Any]:
        """Return the file's content: a DSSE envelope, with a mark."""
        return {
            "liftgate": FORMAT,
            "kind": _KIND,
            "payloadType": statements.TYPE,
            "payload": base64.b64encode(self.payload).decode(),
            "signatures": [dict(one) for one in self.signatures],
        }


def ask(
    entry: Entry, act: str, said: Mapping[str, Any], out: Path, *, evidence: str | None = None
) -> Request:
    """Write a request for signatures under an act about an entry.

    Raises:
        DataError: the file is there already.
    """
    made = Request(consent.payload(entry, act, said, evidence=evidence))
    write_new(out, json.dumps(made.as_json(), indent=2) + "\n")
    return made


def read(file: Path) -> Request:
    """Read a request.

    Raises:
        DataError: it is none.
    """
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        if fields["kind"] != _KIND or fields["payloadType"] != statements.TYPE:
            raise ValueError("it is of another kind")
        found = Request(
            base64.b64decode(fields["payload"], validate=True), tuple(fields["signatures"])
        )
        statements.about(found.statement)
        found.says()
    except _FOREIGN as error:
        raise DataError(f"{file}: no request for a signature ({error})") from error
    return found


def sign(file: Path, *, sign_with: Sequence[str]) -> Request:
    """Sign a request with keys of one's own; the file gains the signatures. Needs no ledger."""
    asked = read(file)
    keys = [load_key(name) for name in sign_with]
    made = dsse.sign(statements.TYPE, asked.payload, keys).as_json()["signatures"]
    mine = {one["keyid"] for one in made}
    kept = [one for one in asked.signatures if one.get("keyid") not in mine]
    signed = Request(asked.payload, (*kept, *made))
    write_whole(file, json.dumps(signed.as_json(), indent=2) + "\n")
    return signed


def add(workspace: Workspace, file: Path, given: Path | None = None) -> Entry:
    """Take a signed request into the ledger.

    Raises:
        Refused: a key that is not trusted, a machine's, revoked or out of its time.
        BrokenChain: a signature is not its key's; the entry is not in this ledger.
        DataError: no request, or it is signed by nobody.
    """
    asked = read(file)
    if not asked.signatures:
        raise DataError(
            f"{file}: nobody signed it", hint="liftgate cosign sign FILE --sign-with KEY"
        )
    envelope = dsse.read(
        {
            name: value
            for name, value in asked.as_json().items()
            if name not in ("liftgate", "kind")
        },
        statements.TYPE,
    )
    trust = load_trust(trust_file(workspace, given))
    with Ledger.open(workspace.home) as ledger:
        ledger.verify()
        try:
            return consent.add(ledger, envelope, trust)
        except NotAllowed as error:
            ids = [name for name, _ in envelope.signatures]
            names = [one.key.name for one in trust.keys if one.key.id in ids]
            body = {"act": "add a signature", "why": str(error), "name": ", ".join(names)}
            ledger.append(REFUSED, {**body, "key": ", ".join(ids)})
            raise Refused(str(error), hint=error.hint) from error
