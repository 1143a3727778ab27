"""Cutting secrets out of a command line before it is remembered for ever.

Simple patterns, on purpose: a ledger cannot forget, so what looks like a secret is cut, at the
price of cutting something harmless now and then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

CUT = "[redacted]"

# Words of evaluation that only look like secrets: token_f1, max_tokens, tokenizer, author.
_WORD = (
    r"(?:api[-_]?key|token(?!s|i[sz]|_f1|_count)|secret|passw(?:or)?d|passphrase|credential"
    r"|auth(?!or(?!i)))"
)
_NAME = rf"[\w.-]*{_WORD}[\w.-]*"
_OPTION = re.compile(rf"--?{_NAME}", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"((?:^|[\s?&;,{{('\"+-]){_NAME}['\"]?\s*[=:]\s*(?:['\"]{{3}}\s*|['\"]?))([^\s&;,'\"]+)",
    re.IGNORECASE,
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


def cut_diff(text: str) -> str | None:
    """Return a diff that still applies, with what is assigned to secret names cut out of it.

    A whole value is cut, to the end of its line, and only on added lines, so that what the diff is
    applied to is as it was. None, where that is not safe: a word of a secret's own shape, a value
    that may go on in the next line, or something that looks like a secret on another line.
    """
    found = []
    for line in text.split("\n"):
        if _cut(line) == line:
            found.append(line)
            continue
        start = _ASSIGNED.search(line)
        if start is None or not line.startswith("+") or line.startswith("+++"):
            return None
        value = line[start.end(1) :]
        if _goes_on(line[: start.end(1)], value) or _cut(value) != value:
            return None
        found.append(line[: start.end(1)].rstrip("'\"") + CUT)
    whole = "\n".join(found)
    return whole if _cut(whole) == whole else None


def _goes_on(before: str, value: str) -> bool:
    """Whether a value may not end with its line."""
    rest = value.rstrip()
    quoted = before[-1:] + value if before[-1:] in "'\"" else value
    if quoted.count("'") % 2 or quoted.count('"') % 2 or '"""' in quoted or "'''" in quoted:
        return True
    brackets = sum(rest.count(one) for one in "([{") - sum(rest.count(one) for one in ")]}")
    return brackets > 0 or rest.endswith(("\\", "|", ">", "+", "=", ":", ",", "|-", ">-"))


def _cut(text: str) -> str:
    text = _BEARER.sub(rf"\1 {CUT}", text)
    text = _ASSIGNED.sub(rf"\1{CUT}", text)
    text = _USER_INFO.sub(rf"\1{CUT}@", text)
    return _KNOWN.sub(CUT, text)
