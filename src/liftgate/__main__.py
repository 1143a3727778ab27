"""``python -m liftgate``."""

from __future__ import annotations

from liftgate.cli.main import main

if __name__ == "__main__":
    main()
