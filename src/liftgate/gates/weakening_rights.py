"""What a change of decision rights, delegation, emergencies or regions does to the bar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from liftgate.gates.bar import (
    BarChange,
    Effect,
    counts,
    flag,
    less,
    listed,
    needed,
    no_bar,
    one,
    unknown,
)
from liftgate.gates.policy import Policy


def compare_right(path: str, old: Any, new: Any) -> Iterator[BarChange]:
    """Yield what differs between two rows of decision rights; None: there is no such row."""
    if old is None or new is None:
        yield from needed(path, old, new, no_bar)
        return
    yield from counts(f"{path}.roles", old["roles"], new["roles"])
    yield from counts(f"{path}.weakening", old["weakening"], new["weakening"])
    for name in ("author_alone", "author_may", "recommend_only"):
        fewer = name != "recommend_only"
        yield from one(f"{path}.{name}", old[name], new[name], flag(fewer=fewer))
    for name in ("each_team_from", "review_hours"):
        yield from one(f"{path}.{name}", old[name], new[name], less)
    yield from one(f"{path}.lazy_days", old["lazy_days"], new["lazy_days"], _lazy)
    yield from one(f"{path}.unless", old["unless"], new["unless"], unknown("another exception"))
    for name in ("about", "notes_of"):
        yield from listed(f"{path}.{name}", old.get(name, ()), new.get(name, ()))
    for name in sorted(set(new.get("catalogue", ())) ^ set(old.get("catalogue", ()))):
        added = name in new.get("catalogue", ())
        effect = Effect.WEAKENED if added else Effect.STRENGTHENED
        a, b = (None, name) if added else (name, None)
        yield BarChange(f"{path}.catalogue.{name}", a, b, effect, "what the author may use alone")
    yield from one(
        f"{path}.alone_up_to", old.get("alone_up_to"), new.get("alone_up_to"), _alone_up_to
    )
    yield from compare_escalation(
        f"{path}.escalation", old.get("escalation"), new.get("escalation")
    )
    for name in ("says", "words", "note"):
        yield from one(f"{path}.{name}", old[name], new[name], no_bar)


def _lazy(old: Any, new: Any) -> tuple[Effect, str]:
    """Agreement by silence: none is the strictest, a long wait stricter than a short one."""
    if new is None or (old is not None and new > old):
        return Effect.STRENGTHENED, "silence agrees later, or never"
    return Effect.WEAKENED, "silence agrees sooner"


def _alone_up_to(old: Any, new: Any) -> tuple[Effect, str]:
    """None: the author never decides alone by the size of a budget."""
    if new is None or (old is not None and new < old):
        return Effect.STRENGTHENED, "less is decided alone"
    return Effect.WEAKENED, "more is decided alone"


def compare_escalation(path: str, old: Any, new: Any) -> Iterator[BarChange]:
    """Yield what differs between two escalations.

    One by time lets others sign instead, one by objection asks for others: only a longer wait, more
    signatures and more roles whose objection counts are known to ask for more.
    """
    if old is None or new is None:
        by_time = (old or new or {}).get("after_hours") is not None
        judge = unknown("somebody else decides") if by_time or new is None else _asks_more
        yield from one(path, old, new, judge)
        return
    yield from counts(f"{path}.to", old["to"], new["to"])
    yield from one(f"{path}.after_hours", old["after_hours"], new["after_hours"], _lazy)
    yield from listed(f"{path}.on_objection_of", old["on_objection_of"], new["on_objection_of"])


def _asks_more(_old: Any, _new: Any) -> tuple[Effect, str]:
    return Effect.STRENGTHENED, "an objection counts"


def compare_emergency(old: Policy, new: Policy) -> Iterator[BarChange]:
    """Yield what differs in how the glass is broken, roles are lent and conflicts are told.

    Of regions every change counts as weakening: one that is named lets items go there, and the last
    one that is left out gives the word back to a file that nobody signs.
    """
    a, b = old.break_glass, new.break_glass
    yield from counts("break_glass.approvals", a.approvals, b.approvals)
    for name in ("longest_hours", "review_hours"):
        yield from one(f"break_glass.{name}", getattr(a, name), getattr(b, name), less)
    yield from listed("break_glass.never", a.never, b.never)
    yield from one(
        "delegation.longest_days", old.delegation.longest_days, new.delegation.longest_days, less
    )
    yield from listed("delegation.never", old.delegation.never, new.delegation.never)
    yield from listed("conflicts_by", old.conflicts_by, new.conflicts_by)
    elsewhere = unknown("things are said to run elsewhere")
    for place in sorted({*old.regions, *new.regions}):
        yield from one(
            f"regions.{place}", old.regions.get(place), new.regions.get(place), elsewhere
        )
