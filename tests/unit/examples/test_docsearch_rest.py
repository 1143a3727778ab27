"""Sections of reStructuredText: what a reader of the page sees, and nothing else."""

from __future__ import annotations

import pytest

from examples.docsearch.rest import plain, sections

PAGE = """\
.. _topics-pets:

============
All the pets
============

.. module:: pets
   :synopsis: Animals.

Every pet has a :class:`~pets.models.Owner`, see :ref:`keeping-pets`.

.. _keeping-pets:

Keeping your ``Pet`` happy
==========================

.. versionadded:: 5.2

Read :doc:`the guide </topics/guide>` and `the law`_, then :meth:`.Pet.feed`:

.. code-block:: python
   :linenos:

    pet.feed()

.. _the law: https://example.org/law

.. a remark of the authors
   that nobody sees

.. note:: Cats sleep.

Empty one
---------

Last one
--------

=====  =====
a      b
=====  =====

----

The end.
"""


@pytest.fixture(scope="module")
def found():
    return sections("topics/pets.txt", PAGE)


def test_every_heading_of_every_level_starts_a_section(found) -> None:
    assert [(s.number, s.heading) for s in found] == [
        (1, "All the pets"),
        (2, "Keeping your Pet happy"),
        (3, "Empty one"),
        (4, "Last one"),
    ]
    assert found[1].id == "topics/pets.txt#2"


def test_a_body_ends_where_the_next_heading_begins(found) -> None:
    assert "happy" not in found[0].body
    assert found[2].body == ""
    assert found[3].body.endswith("The end.")


def test_the_heading_is_not_in_the_indexed_text(found) -> None:
    for section in found:
        assert section.heading not in section.body


def test_link_targets_are_cut_out_and_labels_stay(found) -> None:
    assert found[0].body == "Every pet has a Owner, see ."
    body = found[1].body
    assert "Read the guide and the law, then Pet.feed:" in body
    for target in ("keeping-pets", "/topics/guide", "example.org", "topics-pets"):
        assert target not in found[0].body + body


def test_directives_comments_and_options_are_hidden_but_their_prose_is_not(found) -> None:
    body = found[1].body
    assert "pet.feed()" in body
    assert "Cats sleep." in body
    for hidden in ("remark", "nobody", "linenos", "code-block", "::", "synopsis", "Animals"):
        assert hidden not in found[0].body + body


@pytest.mark.parametrize(
    "source",
    [
        "text\n\n----\n\nmore",
        "no heading here",
        "",
        "=====  =====\na      b\n=====  =====",
        "   =\n",
    ],
)
def test_text_without_a_heading_has_no_section(source: str) -> None:
    assert sections("x.txt", source) == []


def test_an_underline_shorter_than_its_title_makes_no_heading() -> None:
    assert sections("x.txt", "A long title\n====\n\nbody") == []


def test_a_line_in_the_middle_of_a_paragraph_is_no_heading() -> None:
    assert sections("x.txt", "one\ntwo\n===\n") == []


@pytest.mark.parametrize(
    ("marked", "seen"),
    [
        (":setting:`DEBUG` is **on**", "DEBUG is on"),
        (":func:`~a.b.render`", "render"),
        (":py:class:`!Thing`", "Thing"),
        (":ref:`the name <label>` of it", "the name of it"),
        (":ref:`label` of it", "of it"),
        ("`text <https://example.org>`__ and `other`_", "text and other"),
        ("``a`` ``b``", "a b"),
    ],
)
def test_a_line_reads_as_the_page_shows_it(marked: str, seen: str) -> None:
    assert plain(marked) == seen
