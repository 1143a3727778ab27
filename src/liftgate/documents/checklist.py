"""What a machine can see of a design: each item is met by the recorded study, or it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def checklist(body: Mapping[str, Any]) -> tuple[tuple[str, bool], ...]:
    """Return the items of the checklist, and whether the study of a decision meets each."""
    claims = body["claims"]
    amendments = (body.get("deviation") or {}).get("amendments") or ()
    parts = {claim["part"] for claim in claims}
    return (
        ("The hypothesis is written down.", bool(str(body["hypothesis"]).strip())),
        ("Somebody owns the study.", bool(body.get("owner"))),
        ("The study was locked before its decision.", bool(body.get("lock"))),
        ("There is one primary claim.", sum(c["part"] == "primary" for c in claims) == 1),
        ("A guardrail protects what must not get worse.", "guardrail" in parts),
        ("The primary claim names the effect worth having.", _has_target(claims)),
        ("No amendment was made after results were seen.", not _seen(amendments)),
        ("All planned items were run.", body["done"]["items"] >= body["planned"]["items"]),
        (
            "Every arm names its build by a fingerprint.",
            all(a["fingerprint"] for a in body["arms"]),
        ),
        ("Clusters of items are counted.", body["dataset"]["clusters"] is not None),
    )


def _has_target(claims: Any) -> bool:
    return all(
        c["params"].get("target") or c["rule"] != "superior"
        for c in claims
        if c["part"] == "primary"
    )


def _seen(amendments: Any) -> bool:
    return any(one["seen"] == "results" for one in amendments)
