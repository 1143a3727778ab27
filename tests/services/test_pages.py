"""Pages whose examples need a server, or more time than ``make test`` has, print what they show."""

from __future__ import annotations

import pytest

from tools import blocks
from tools.server_blocks import PAGES, runner_on


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(blocks.ROOT).as_posix())
def test_the_examples_of_a_page_print_what_it_shows(page, postgres) -> None:
    assert "\n".join(blocks.differences(page, runner_on(postgres))) == ""


SLOW = [page for page in blocks.pages() if blocks.blocks(page, "time")]


@pytest.mark.parametrize("page", SLOW, ids=lambda page: page.relative_to(blocks.ROOT).as_posix())
def test_examples_that_take_long_print_what_their_page_shows(page) -> None:
    assert "\n".join(blocks.differences(page, blocks.SlowRunner)) == ""


def test_the_page_about_moving_is_run() -> None:
    assert "move-to-postgresql.md" in [page.name for page in PAGES]
