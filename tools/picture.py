"""Take the README's picture: the top of a real report, as a browser shows it.

    make demo && python tools/picture.py        (needs Chromium)

Only the top is taken, above the items' texts: those belong to whoever wrote them.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "report.png"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
FLAGS += ["--hide-scrollbars", "--force-device-scale-factor=1"]


def newest_report() -> Path:
    """Return the report that was written last. Raises SystemExit when there is none."""
    found = sorted(
        (ROOT / ".liftgate" / "reports").glob("*.html"), key=lambda path: path.stat().st_mtime
    )
    if not found:
        sys.exit("picture: there is no report yet; run `make demo` first, or name a report")
    return found[-1]


def main() -> None:
    """Start a browser without a screen, and keep what it shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, nargs="?", help="default: the newest")
    parser.add_argument("--size", default="1000,1180", help="width,height of the window")
    asked = parser.parse_args()
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("picture: Chromium is not installed (Debian: apt-get install chromium)")
    report = (asked.report or newest_report()).resolve()
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *FLAGS, f"--user-data-dir={profile}", f"--window-size={asked.size}"]
        command += [f"--screenshot={PICTURE}", report.as_uri()]
        subprocess.run(command, check=True, capture_output=True)
    print(f"wrote {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
