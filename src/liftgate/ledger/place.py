"""Where a workspace's ledger is, and pointing the workspace to another place."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from liftgate.errors import LedgerError

FILE = "ledger.db"
URL_FILE = "ledger.url"
VARIABLE = "LIFTGATE_LEDGER"
SCHEMES = ("postgresql://", "postgres://")
_HOST = r"(?:\[[^\]@/?#]*\]|[^:@/?#,\[\]]*)(?::\d*)?"
_PAIR = r"[^#&=]*=[^#&]*"
_URL = re.compile(
    r"(?P<scheme>\w+://)(?:(?P<role>[^:@/?#]*)(?::[^/?#]*)?@)?"
    rf"(?P<place>{_HOST}(?:,{_HOST})*(?:/[^@?#]*)?)(?:\?(?P<query>{_PAIR}(?:&{_PAIR})*)?)?"
)


def place_of(home: Path, *, mine: bool = True) -> str:
    """Return where the ledger of a workspace is: a URL, or the path of a file.

    Args:
        home: the workspace's ``.liftgate`` folder.
        mine: whether it is the workspace that is worked in, whose ledger ``LIFTGATE_LEDGER`` names.
    """
    named = os.environ.get(VARIABLE, "").strip() if mine else ""
    if not named and (home / URL_FILE).is_file():
        named = (home / URL_FILE).read_text(encoding="utf-8").strip()
    return named or str(home / FILE)


def is_database(place: str) -> bool:
    """Whether a place is a PostgreSQL database; else it is a file.

    Raises:
        LedgerError: it is the URL of something else.
    """
    if place.startswith(SCHEMES):
        return True
    scheme, found, _ = place.partition("://")
    if found:
        raise LedgerError(f"{VARIABLE}: got {scheme}://…, expected postgresql://… or nothing")
    return False


def point_to(home: Path, place: str) -> None:
    """Point a workspace to another place, in one step that is on disk when this returns."""
    if not is_database(place):
        (home / URL_FILE).unlink(missing_ok=True)
    else:
        descriptor, name = tempfile.mkstemp(dir=home, prefix=f".{URL_FILE}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{place}\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(home / URL_FILE)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    folder = os.open(home, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def without_password(url: str) -> str:
    """Return a URL as it may be shown; of one that is of another form, only its scheme."""
    found = _URL.fullmatch(url)
    if found is None:
        # Where its password ends is not known: libpq and urllib read it differently.
        return f"{url.partition('://')[0]}://…" if "://" in url else "…"
    role = "" if found["role"] is None else f"{found['role']}@"
    given = (found["query"] or "").split("&")
    kept = "&".join(one for one in given if not _is_secret(one.partition("=")[0]))
    return f"{found['scheme']}{role}{found['place']}{'?' if kept else ''}{kept}"


def _is_secret(name: str) -> bool:
    return unquote(name).lower().endswith(("password", "passfile"))
