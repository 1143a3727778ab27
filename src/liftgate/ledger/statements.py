"""What a signed statement says of an entry: in-toto Statements, v1, in DSSE envelopes.

Two predicates are others' (in-toto test-result v0.1, SLSA verification summary v1), three our own:
protocol, result and decision. A statement names the entry by its leaf, so it is about these very
bytes; what it repeats of them is for people and tools that do not have the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from liftgate.errors import DataError, UnknownName
from liftgate.records import Entry

TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
KIND = "statement"
"""Kind of the entry that holds a signed statement."""
_TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
_SUMMARY = "https://slsa.dev/verification_summary/v1"
_OWN = "urn:liftgate:predicate:{}:v1"
_SHIP = "ship"
_RESULTS = {"ship": "PASSED", "hold": "FAILED"}
# A test result knows no "cannot tell": the nearest is a warning.
_CANNOT_TELL = "WARNED"


def statement(entry: Entry, predicate: str, *, origin: str) -> dict[str, Any]:
    """Return an in-toto Statement about an entry.

    Args:
        entry: a lock or an amendment for ``protocol``; a decision for the others.
        predicate: a name of ``PREDICATES``.
        origin: of the ledger.

    Raises:
        UnknownName: no such predicate.
        DataError: the predicate does not fit the entry; ``vsa`` of a decision that does not ship.
    """
    if predicate not in PREDICATES:
        raise UnknownName("predicate", predicate, PREDICATES)
    kinds, make = PREDICATES[predicate]
    if entry.kind not in kinds:
        raise DataError(
            f"entry {entry.sequence}: got one of kind {entry.kind!r}, a statement of "
            f"{predicate!r} is about {' or '.join(kinds)}"
        )
    try:
        subjects, uri, said = make(entry, origin)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"entry {entry.sequence}: its body lacks what a statement of {predicate!r} says "
            f"({error!r})"
        ) from error
    return {
        "_type": STATEMENT,
        "subject": [*subjects, _subject(f"ledger entry {entry.sequence}", entry.leaf)],
        "predicateType": uri,
        "predicate": said,
    }


def about(payload: Any) -> tuple[int, str, str]:
    """Return which entry a statement of ours is about: sequence, leaf, type of the predicate.

    Raises:
        DataError: it is no statement about an entry.
    """
    try:
        last = payload["subject"][-1]
        name, digest = last["name"], last["digest"]["sha256"]
        number = int(name.removeprefix("ledger entry "))
        if payload["_type"] != STATEMENT or name != f"ledger entry {number}":
            raise ValueError("its last subject is not an entry")
        return number, f"sha256:{digest}", str(payload["predicateType"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DataError(f"statement: not one about a ledger entry ({error})") from error


def _protocol(entry: Entry, origin: str) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    body = entry.body
    study = body["study"]
    return (
        [_subject(study["study"], body["study_digest"])],
        _OWN.format("protocol"),
        {
            **_where(entry, origin),
            "hypothesis": study["hypothesis"],
            "claims": study["claims"],
            "decision": study["decision"],
            "dataset": body["dataset"]["digest"],
            "reason": body.get("reason"),
        },
    )


def _result(entry: Entry, origin: str) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    body = entry.body
    return (
        [_subject(f"rows of {body['study']}", body["rows"]["digest"])],
        _OWN.format("result"),
        {
            **_where(entry, origin),
            "study_digest": body["study_digest"],
            "dataset": body["dataset"],
            "population": body["population"],
            "claims": body["claims"],
            "verdicts": [
                {
                    "candidate": verdict["candidate"],
                    "claim": verdict["claim"],
                    "reading": verdict["reading"],
                    "estimate": verdict["estimate"],
                    "p_value": verdict["p_value"],
                }
                for decision in body["decisions"]
                for verdict in decision["verdicts"]
            ],
            "files": body["rows"]["files"],
        },
    )


def _decision(entry: Entry, origin: str) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    body = entry.body
    return (
        _arms(body),
        _OWN.format("decision"),
        {
            **_where(entry, origin),
            "study": body["study"],
            "study_digest": body["study_digest"],
            "words": {one["candidate"]: one["word"] for one in body["decisions"]},
            "recommended": body["recommended"],
            "error_statement": body["error_statement"],
            "not_shown": body["not_shown"],
            "voids": {one["candidate"]: one["voids"] for one in body["decisions"]},
        },
    )


def _test_result(entry: Entry, origin: str) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    body = entry.body
    tests: dict[str, list[str]] = {"PASSED": [], "WARNED": [], "FAILED": []}
    for decision in body["decisions"]:
        word = _RESULTS.get(decision["word"], _CANNOT_TELL)
        tests[word].append(f"{decision['candidate']}:{decision['word']}")
    ship, stop = tests["PASSED"], tests["FAILED"]
    return (
        _arms(body),
        _TEST_RESULT,
        {
            "result": "PASSED"
            if ship
            else _CANNOT_TELL
            if tests["WARNED"] or not stop
            else "FAILED",
            "configuration": [_subject(f"study {body['study']}", body["study_digest"])],
            "url": _uri(entry, origin),
            "passedTests": ship,
            "warnedTests": tests["WARNED"],
            "failedTests": stop,
        },
    )


def _summary(entry: Entry, origin: str) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    body = entry.body
    shipped = [one["candidate"] for one in body["decisions"] if one["word"] == _SHIP]
    if not shipped:
        raise DataError(
            f"entry {entry.sequence}: no candidate ships, so there is nothing to summarise",
            hint="attest the decision itself: --predicate decision",
        )
    name = body["recommended"] or shipped[0]
    return (
        [arm for arm in _arms(body) if arm["name"] == name],
        _SUMMARY,
        {
            "verifier": {"id": "urn:liftgate:gate"},
            "timeVerified": entry.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resourceUri": f"urn:liftgate:arm:{name}",
            "policy": {
                "uri": f"urn:liftgate:study:{body['study']}",
                **_digest(body["study_digest"]),
            },
            "inputAttestations": [{"uri": _uri(entry, origin), **_digest(entry.leaf)}],
            "verificationResult": "PASSED",
            "verifiedLevels": ["LIFTGATE_SHIP"],
        },
    )


_Maker = Callable[[Entry, str], tuple[list[dict[str, Any]], str, dict[str, Any]]]
PREDICATES: Mapping[str, tuple[tuple[str, ...], _Maker]] = {
    "protocol": (("study.locked", "study.amended"), _protocol),
    "result": (("decision",), _result),
    "decision": (("decision",), _decision),
    "test-result": (("decision",), _test_result),
    "vsa": (("decision",), _summary),
}
"""Name -> (kinds of the entries that it is about, what makes subjects, type and predicate)."""


def _where(entry: Entry, origin: str) -> dict[str, Any]:
    return {
        "ledger": origin,
        "sequence": entry.sequence,
        "leaf": entry.leaf,
        "time": entry.time.isoformat(),
        "author": entry.author,
    }


def _uri(entry: Entry, origin: str) -> str:
    return f"urn:liftgate:ledger:{origin.removeprefix('liftgate/')}:{entry.sequence}"


def _arms(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    candidates = {one["candidate"] for one in body["decisions"]}
    return [
        _subject(arm["name"], arm["fingerprint"])
        for arm in body["arms"]
        if arm["name"] in candidates
    ]


def _subject(name: str, digest: str) -> dict[str, Any]:
    return {"name": name, **_digest(digest)}


def _digest(digest: str) -> dict[str, Any]:
    return {"digest": {"sha256": digest.removeprefix("sha256:")}}
