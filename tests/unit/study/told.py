"""What is wrong with a study, by its path."""

from __future__ import annotations

from typing import Any

import pytest

from liftgate.errors import StudyError


def faults(values: Any, read) -> dict[str, str]:
    with pytest.raises(StudyError) as caught:
        read(values)
    assert all(fault.line > 0 for fault in caught.value.faults)
    return {fault.path: fault.message for fault in caught.value.faults}
