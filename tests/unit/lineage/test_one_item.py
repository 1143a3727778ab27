"""One item of a kept dataset is found without reading the rest, whatever its name holds."""

from __future__ import annotations

import pytest

from liftgate.errors import UnknownName
from liftgate.lineage import datasets
from liftgate.records import Dataset, Item
from liftgate.store import Store

NAMES = ('a', 'a"', '["a', '],["a', 'a","sha256:', '\\', '\\"],["b","sha256:', 'b', 'é\n', '[', ',')  # fmt: skip  # noqa: E501


def test_each_item_is_found_by_its_own_name_and_no_other_one_is(tmp_path):
    items = tuple(Item(name, {"text": f"input {n}"}, target=n) for n, name in enumerate(NAMES))
    dataset = Dataset("hostile", items)
    with Store.open(tmp_path) as store:
        datasets.keep(dataset, store)
        for item in items:
            found = datasets.one_item(dataset.digest, item.id, store, name="hostile")
            assert found.items == (item,)
        for name in ("c", "", '"', "]", "input 1", "sha256:", "a\\"):
            with pytest.raises(UnknownName):
                datasets.one_item(dataset.digest, name, store, name="hostile")
