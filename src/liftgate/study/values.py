"""Kinds of values that stand in a study file."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from liftgate.study.problems import describe

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
METRIC_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_@%+-]{0,63}"
_LARGEST_SEED = 2**53


def matching(pattern: str, wanted: str) -> BeforeValidator:
    """Return the check of a text against a pattern, which says what is wanted."""

    def check(value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise ValueError(f"got {describe(value)}, expected {wanted}")
        return value

    return BeforeValidator(check, json_schema_input_type=str)


_LETTERS = "1 to 64 letters, digits, '-' or '_', a letter or digit first"
Name = Annotated[
    str,
    matching(NAME_PATTERN, _LETTERS),
    Field(json_schema_extra={"pattern": f"^{NAME_PATTERN}$"}),
]
"""A study's or arm's name: it stands in file names and in references, ``4:dense.primary``."""
MetricName = Annotated[
    str,
    matching(METRIC_PATTERN, "1 to 64 letters, digits or any of '_@%+-', a letter or digit first"),
    Field(json_schema_extra={"pattern": f"^{METRIC_PATTERN}$"}),
]
Text = Annotated[str, Field(min_length=1)]
Digest = Annotated[
    str,
    matching(r"sha256:[0-9a-f]{64}", "sha256: and 64 hex digits, as liftgate study lock prints"),
    Field(json_schema_extra={"pattern": "^sha256:[0-9a-f]{64}$"}),
]
DateText = Annotated[
    str,
    matching(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a day, e.g. '2027-01-31' in quotes"),
    Field(json_schema_extra={"pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
]
Listed = Annotated[tuple[Text, ...], Field(strict=False)]
Seed = Annotated[int, Field(ge=0, le=_LARGEST_SEED)]
