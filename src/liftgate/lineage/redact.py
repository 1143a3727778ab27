"""Cutting secrets out of a command line before it is remembered for ever.

Simple patterns, on purpose: a ledger cannot forget, so what looks like a secret is cut, at the
price of cutting something harmless now and then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

CUT = "[redacted]"

# Words of evaluation that only look like secrets: token_f1, max_tokens, author.
_WORD = (
    r"(?:api[-_]?key|token(?!s|_f1|_count)|secret|passw(?:or)?d|passphrase|credential"
    r"|auth(?!or(?!i)))"
)
_NAME = rf"[\w.-]*{_WORD}[\w.-]*"
_OPTION = re.compile(rf"--?{_NAME}", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"((?:^|[\s?&;,{{'\"-]){_NAME}['\"]?\s*[=:]\s*['\"]?)([^\s&;,'\"]+)", re.IGNORECASE
)
_USER_INFO = re.compile(r"(://)[^/@\s]+@")
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE)
_KNOWN = re.compile(
    r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{8,}|\bgh[pousr]_\w{8,}|\bgithub_pat_\w{8,}|\bglpat-[\w-]{8,}"
    r"|\bhf_\w{8,}|\bxox[abprs]-[\w-]{8,}|\bAKIA[A-Z0-9]{12,}|\bAIza[\w-]{20,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
)


def redacted(command: Sequence[str]) -> list[str]:
    """Return the words of a command line with what looks like a secret cut out."""
    words: list[str] = []
    follows = False
    for word in command:
        text = word.encode("utf-8", "backslashreplace").decode("utf-8")
        if follows and not text.startswith("-"):
            words.append(CUT)
            follows = False
            continue
        follows = _OPTION.fullmatch(text) is not None
        words.append(_cut(text))
    return words


def _cut(text: str) -> str:
    text = _BEARER.sub(rf"\1 {CUT}", text)
    text = _ASSIGNED.sub(rf"\1{CUT}", text)
    text = _USER_INFO.sub(rf"\1{CUT}@", text)
    return _KNOWN.sub(CUT, text)
