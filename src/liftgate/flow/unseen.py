"""No arm's scores are shown of a study that no look was made for, by whichever door one comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liftgate.errors import NotAllowed


def refuse_unseen(body: Mapping[str, Any]) -> None:
    """Refuse to show any score of a decision that no look was made for.

    Raises:
        NotAllowed: it rests on no row: the study had not come to a look.
    """
    looks = body.get("looks")
    if not body["done"].get("trials", 1) or (looks is not None and not looks["items"]):
        raise NotAllowed(
            f"{body['study']}: no look was made yet; no arm's scores are shown before one",
            hint="run the study to its end, or to its first planned look",
        )
