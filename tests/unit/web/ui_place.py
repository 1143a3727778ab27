"""Workspaces for the pages: studies as the ledger tells of them, without running one."""

from __future__ import annotations

import copy
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from liftgate.canon import digest
from liftgate.ledger import Draft, Ledger
from liftgate.records import Trial
from liftgate.store import Store, Workspace
from liftgate.study.load import load
from liftgate.web.guard import LOOPBACK
from liftgate.web.ui.app import make_ui_app
from liftgate.web.ui.shell import Site
from tests.unit.web.asking import Client

ROOT = Path(__file__).parents[3]
NOW = datetime.now(UTC)
DATA = json.loads((ROOT / "tests/data/decision.json").read_text("utf-8"))
MODEL = load(ROOT / "examples/first-study/study.yaml").model(None)
SCALE = {"kind": "binary", "low": 0.0, "high": 1.0, "higher_is_better": True}
ARM = "sha256:" + "0" * 64


def locked(name, *, days=1.0, kind="study.locked", **model):
    """A lock, or an amendment with ``kind`` and what an amendment says."""
    study = {**MODEL, "study": name, **model}
    body = {
        "liftgate": 1, "name": name, "study": study, "study_digest": digest(study),
        "dataset": {"digest": ARM, "items": 160}, "arms": {"strict": ARM, "lenient": ARM},
        "scales": {"exact": SCALE}, "scorers": {"exact": ARM},
    }  # fmt: skip
    return Draft(kind, body, time=NOW - timedelta(days=days))


def amended(name, *, days=0.5, **model):
    made = locked(name, days=days, kind="study.amended", **model)
    more = {"amends": 1, "reason": "a typo", "seen": "results", "changes": []}
    return Draft(made.kind, {**made.body, **more}, time=made.time)


def decided(lock, *, days=0.9, change=lambda body: body):
    body = copy.deepcopy(DATA["body"])
    body |= {"study": lock.body["name"], "study_digest": lock.body["study_digest"]}
    return Draft("decision", change(body), time=NOW - timedelta(days=days))


def ran(lock, *, days=0.1):
    body = {"id": "r", "study": lock.body["study_digest"], "files": {}}
    return Draft("run.finished", body, time=NOW - timedelta(days=days))


def place(folder, *drafts):
    """A workspace whose ledger holds these entries."""
    workspace = Workspace(folder / ".liftgate").create()
    with Ledger.open(workspace.home) as ledger:
        ledger.append_all(drafts)
    return workspace


def client(workspace):
    site = Site(workspace, workspace.home.parent)
    return Client(make_ui_app(site, hosts=LOOPBACK, tokens=None))


@contextmanager
def running(workspace, lock, trials):
    """A run of this study that goes on meanwhile, each trial a failure of one arm."""
    with Store.open(workspace.home) as store:
        writer = store.begin(lock.body["study_digest"], {})
        for number in range(trials):
            key = digest(number)
            writer.add_trial(Trial(key, 1, writer.run, ARM, key, 0, NOW, 0.5, None))
        writer.flush()
        yield writer
