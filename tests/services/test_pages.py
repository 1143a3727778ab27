"""Pages whose examples need a server, or more time than ``make test`` has, print what they show."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import psycopg
import pytest

from tools import blocks

PAGES = [page for page in blocks.pages() if blocks.blocks(page, "postgres")]


class ServerRunner(blocks.Runner):
    """Runs blocks on a server of the tests' own, which the pages call ``db``."""

    needs = "postgres"
    host = ""

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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(blocks.ROOT).as_posix())
def test_the_examples_of_a_page_print_what_it_shows(page, postgres, monkeypatch) -> None:
    monkeypatch.setattr(ServerRunner, "host", urlsplit(postgres).query.removeprefix("host="))
    if os.environ.get("LIFTGATE_WRITE_PAGES"):
        blocks.rewrite(page, ServerRunner)
        pytest.skip("the page was written, not compared")
    assert "\n".join(blocks.differences(page, ServerRunner)) == ""


SLOW = [page for page in blocks.pages() if blocks.blocks(page, "time")]


@pytest.mark.parametrize("page", SLOW, ids=lambda page: page.relative_to(blocks.ROOT).as_posix())
def test_examples_that_take_long_print_what_their_page_shows(page) -> None:
    assert "\n".join(blocks.differences(page, blocks.SlowRunner)) == ""


def test_the_page_about_moving_is_run() -> None:
    assert "move-to-postgresql.md" in [page.name for page in PAGES]
