"""``gate status`` as JUnit XML: one test for each condition that a policy asks for.

What is not met is a failure. What nobody can tell is an error, which stops CI too: it must not be
taken for a yes. A condition that was set aside is skipped, and says by which ledger entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from liftgate.figures.text import escape

_MET, _CANNOT_TELL = "met", "can't tell"


def gate_xml(study: str, tree: Mapping[str, Any]) -> str:
    """Return the document. Every name in it is foreign text, and escaped.

    Args:
        study: its name.
        tree: ``Condition.as_json()`` of the whole gate.
    """
    parts = tree["parts"]
    kinds = [_kind(one) for one in parts]
    cases = "".join(_case(study, one, kind) for one, kind in zip(parts, kinds, strict=True))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="liftgate gate status">\n'
        f'  <testsuite name="{escape(study)}" tests="{len(parts)}" '
        f'failures="{kinds.count("failure")}" errors="{kinds.count("error")}" '
        f'skipped="{kinds.count("skipped")}">\n'
        f"{cases}  </testsuite>\n</testsuites>\n"
    )


def _kind(one: Mapping[str, Any]) -> str:
    if one["waiver"] is not None:
        return "skipped"
    if one["state"] == _MET:
        return ""
    return "error" if one["state"] == _CANNOT_TELL else "failure"


def _case(study: str, one: Mapping[str, Any], kind: str) -> str:
    lines = "".join(f"{escape(line)}\n" for line in _lines(one))
    head = f'    <testcase classname="{escape(study)}" name="{escape(one["name"])}">'
    if kind == "skipped":
        told = f'<skipped message="waived by ledger entry {one["waiver"]}: {escape(one["why"])}"/>'
    elif kind:
        sort = "cannot-tell" if kind == "error" else "not-met"
        told = f'<{kind} type="{sort}" message="{escape(one["why"])}">{lines}</{kind}>'
    else:
        told = f"<system-out>{lines}</system-out>"
    return f"{head}{told}</testcase>\n"


def _lines(one: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    yield f"{'  ' * depth}{one['name']}: {one['state']} ({one['why']})"
    for part in one["parts"]:
        yield from _lines(part, depth + 1)
