"""Examples of pages that need the embedded model print what the page shows."""

from __future__ import annotations

import pytest

from tools import blocks

PAGES = [page for page in blocks.pages() if blocks.blocks(page, "model")]


class ModelRunner(blocks.Runner):
    """Runs blocks where the model is (``LIFTGATE_MODELS``)."""

    needs = "model"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(blocks.ROOT).as_posix())
def test_the_examples_of_a_page_print_what_it_shows(page) -> None:
    assert "\n".join(blocks.differences(page, ModelRunner)) == ""


def test_the_page_about_local_models_is_run() -> None:
    assert "run-a-local-model.md" in [page.name for page in PAGES]
