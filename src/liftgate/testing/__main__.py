"""``python -m liftgate.testing``: the stub server, for trying a study of models behind HTTP."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress

from liftgate.testing.stub import StubServer


def main() -> None:
    """Print the base_url and answer every prompt with itself until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m liftgate.testing", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="until each answer")
    given = parser.parse_args()
    server = StubServer(delay_s=given.delay_ms / 1000, port=given.port)
    with suppress(KeyboardInterrupt):
        asyncio.run(server.serve(lambda url: print(url, flush=True)))  # noqa: T201 - its output


if __name__ == "__main__":
    main()
