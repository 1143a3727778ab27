"""Findings in a file for people as SARIF 2.1.0, which code hosts show beside the line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from liftgate.errors import Fault

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = {
    "study-fault": ("error", "A fault: the study is not locked before it is mended."),
    "study-warning": ("warning", "What the grammar allows and a study should not do."),
}


def sarif(file: str, faults: Sequence[Fault], warnings: Sequence[Fault], version: str) -> str:
    """Return the document.

    Args:
        file: the file's path, relative to the checkout; with slashes, percent-encoded in the text.
        faults: of level error.
        warnings: of level warning.
        version: liftgate's.
    """
    results = [_result(file, "study-fault", one) for one in faults]
    results += [_result(file, "study-warning", one) for one in warnings]
    rules = [
        {
            "id": name,
            "shortDescription": {"text": text},
            "defaultConfiguration": {"level": level},
        }
        for name, (level, text) in _RULES.items()
    ]
    driver = {"name": "liftgate", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    body = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(body, indent=2) + "\n"


def _result(file: str, rule: str, fault: Fault) -> dict[str, Any]:
    near = f" (did you mean {fault.suggestion!r}?)" if fault.suggestion else ""
    where = f"{fault.path}: " if fault.path else ""
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(PurePath(file).as_posix())}}
    if fault.line:
        place["region"] = {"startLine": fault.line, "startColumn": max(fault.column, 1)}
    return {
        "ruleId": rule,
        "level": _RULES[rule][0],
        "message": {"text": f"{where}{fault.message}{near}"},
        "locations": [{"physicalLocation": place}],
    }
