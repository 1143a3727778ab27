"""What people say in a document and no ledger knows: a small file of its own, ``--about FILE``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from liftgate.study.load import refused
from liftgate.study.problems import Node, describe, problems_of
from liftgate.study.source import parse
from liftgate.study.values import Listed, Text, matching

_Date = Annotated[str, matching(r"\d{4}-\d{2}-\d{2}", "a date as 2026-11-27")]
_Url = Annotated[str, matching(r"https?://[^\s]+", "an address that begins with https://")]
_Version = Annotated[str, matching(r"\d+\.\d+\.\d+", "a version as 1.0.0")]


class Creator(Node):
    """Who made a dataset."""

    name: Text = Field(description="of the person or organisation")
    is_person: bool = Field(default=False, description="true: a person; else an organisation")


class DatasetAbout(Node):
    """What a dataset card says beside what the items say themselves."""

    name: Text = Field(description="the dataset's name, for people")
    description: Text = Field(description="what the items are, in a few sentences")
    license: Text = Field(description="the address of the licence, or its SPDX identifier")
    url: _Url = Field(description="where the dataset is found or described")
    version: _Version = Field(description="major.minor.patch")
    published: _Date = Field(description="when it was published")
    creators: Annotated[tuple[Creator, ...], Field(strict=False, min_length=1)] = Field(
        description="a list of {name}"
    )
    content: Literal["digests", "items"] = Field(
        default="digests",
        description="what lies beside the card: digests of the items, or the items themselves",
    )
    keywords: Listed = Field(default=(), description="words by which it may be found")
    languages: Listed = Field(default=(), description="of the texts, as en")
    cite: str = Field(default="", description="how to cite it")
    collection: str = Field(default="", description="how the items were collected")
    annotation: str = Field(default="", description="how the targets came about, and by whom")
    uses: str = Field(default="", description="what it is for, and what not")
    limits: str = Field(default="", description="what it does not show")
    biases: str = Field(default="", description="whom or what it favours")
    sensitive: str = Field(default="", description="personal or sensitive content")


class Statement(Node):
    """One sentence of a paper, and what it rests on."""

    says: Text = Field(description="the sentence; its quantities are those of the evidence")
    evidence: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)] = Field(
        description="references without the entry, as dense.primary"
    )


class PublicationAbout(Node):
    """What a publication kit says beside what the ledger says."""

    title: Text = Field(description="of the paper")
    authors: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)] = Field(
        description="a list of names"
    )
    statements: Annotated[tuple[Statement, ...], Field(strict=False)] = Field(
        default=(), description="a list of {says, evidence}; the study's claims unless given"
    )


class About(Node):
    """The file: a section for each sort of document."""

    liftgate: Literal[1] = Field(description="1, the version of this format")
    dataset: DatasetAbout | None = Field(default=None, description="of a dataset card")
    publication: PublicationAbout | None = Field(default=None, description="of a publication kit")


def read_about(text: str, file: str) -> dict[str, Any]:
    """Return what the file says, with its defaults, as JSON values.

    Raises:
        StudyError: every fault of the file, with line and column.
    """
    source = parse(text, file)
    faults = list(source.faults)
    about = None
    if isinstance(source.value, dict):
        try:
            about = About(**source.value)
        except ValidationError as error:
            faults += [
                source.fault(p.path, p.message, suggestion=p.suggestion, on_key=p.on_key)
                for p in problems_of(error, source.value, About)
            ]
    elif not faults:
        faults.append(source.fault((), f"got {describe(source.value)}, expected a mapping"))
    if faults or about is None:
        raise refused(file, faults)
    return about.model_dump(mode="json", exclude_none=True)
