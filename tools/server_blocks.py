"""Run the examples that need a PostgreSQL server, on one of the tests' own.

python -m tools.server_blocks             run them, print what differs
python -m tools.server_blocks --write     put what is printed into the pages
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import psycopg

from tests.services.postgres_server import server
from tools import blocks


class ServerRunner(blocks.Runner):
    """Runs blocks on a server that the pages call ``db``."""

    needs = "postgres"
    host = ""
    """The folder of its socket, as a URL names it."""

    def _call(self, command: list[str]) -> str:
        printed = super()._call([self._here_is(word) for word in command])
        return printed.replace(f"@/evidence?host={self.host}", "@db/evidence")

    def _command(self, command: str) -> str:
        return super()._command(self._here_is(command))

    def _here_is(self, text: str) -> str:
        text = text.replace("@db/evidence", f"@/evidence?host={self.host}")
        # Whoever ran the study first on the page is ada.
        ran = sorted(self._folder.glob("*/.liftgate/store/runs"))
        return text.replace("/mnt/ada/search", str(ran[0].parents[2])) if ran else text

    def sql(self, text: str) -> str:
        """Run statements as the first line says: ``-- as ROLE in DATABASE``."""
        first, rest = text.split("\n", 1)
        role, database = first.removeprefix("-- as ").split(" in ")
        role = "liftgate" if role == "postgres" else role
        url = f"postgresql://{role}@/{database}?host={self.host}"
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in rest.split(";"):
                if statement.strip():
                    connection.execute(statement)
        return ""


PAGES = [page for page in blocks.pages() if blocks.blocks(page, ServerRunner.needs)]


def runner_on(url: str) -> type[ServerRunner]:
    """Return a runner on the server of a URL, which names the folder of its socket."""
    return type("Runner", (ServerRunner,), {"host": urlsplit(url).query.removeprefix("host=")})


def main() -> None:
    """Check the pages, or write them; each on a server of its own."""
    found = []
    for page in PAGES:
        with server(fsync=False) as url:
            if "--write" in sys.argv[1:]:
                blocks.rewrite(page, runner_on(url))
            else:
                found += blocks.differences(page, runner_on(url))
    sys.exit("\n".join(found) if found else 0)


if __name__ == "__main__":
    main()
