"""The whole way with a real MLflow: import, promote, roll back, and the audit that finds a hand."""

from __future__ import annotations

import json

import pytest

import mlflow
from liftgate.cli.main import main
from mlflow import MlflowClient
from tests.stories.test_models_move_by_decisions import STUDY, SYSTEMS


class Desk:
    """A workspace with a shipped study, a registry with versions, and the command line."""

    def __init__(self, client, address, model, runs, capsys):
        self.client, self.address, self.model, self.runs = client, address, model, runs
        self._capsys = capsys

    def __call__(self, *words):
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["registry", *words, "--registry", f"mlflow:{self.address}"])
        told = self._capsys.readouterr()
        self.said, self.fault = told.out, told.err
        return stopped.value.code

    def promote(self, version, *more):
        return self(
            "promote", "study.yaml", "--model", self.model, "--model-version", version, *more
        )

    def aliases(self):
        return dict(self.client.get_registered_model(self.model).aliases)


@pytest.fixture
def desk(server, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / ".liftgate"))
    monkeypatch.delenv("LIFTGATE_TRUST", raising=False)
    (tmp_path / "moved_systems.py").write_text(SYSTEMS)
    rows = [{"id": f"q{n}", "input": f"question {n}", "target": "yes"} for n in range(120)]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "study.yaml").write_text(json.dumps(STUDY))
    with pytest.raises(SystemExit) as stopped:
        main(["run", "study.yaml", "--quiet"])
    assert stopped.value.code == 0
    mlflow.set_tracking_uri(server)
    client = MlflowClient(server)
    model = f"docs-{tmp_path.name}"
    client.create_registered_model(model)
    experiment = client.create_experiment(model)
    runs = []
    for number in (1, 2):
        run = client.create_run(experiment)
        runs.append(run.info.run_id)
        client.log_metric(run.info.run_id, "acc", 0.70 + number / 100)
        client.log_artifact(run.info.run_id, str(tmp_path / "moved_systems.py"), "model")
        (tmp_path / "weights.bin").write_bytes(bytes([number]) * 1000)
        client.log_artifact(run.info.run_id, str(tmp_path / "weights.bin"), "model")
        client.set_terminated(run.info.run_id)
        client.create_model_version(model, f"runs:/{run.info.run_id}/model", run.info.run_id)
    return Desk(client, server, model, runs, capsys)


def test_a_version_is_promoted_rolled_back_and_every_move_has_its_decision(desk):
    assert desk.promote("1") == 0
    assert desk.promote("2", "--json") == 0
    body = json.loads(desk.said)
    assert desk.aliases() == {"champion": "2", "rollback": "1"}
    assert body["ground"]["bound_by"] == {"content": ["moved_systems.py"]}
    assert set(body["ground"]["files"]) == {"moved_systems.py", "weights.bin"}
    tags = desk.client.get_model_version(desk.model, "2").tags
    assert tags["liftgate.evidence_digest"] == body["ground"]["evidence"]
    assert desk("audit", "--model", desk.model) == 0, desk.said
    assert desk("rollback", "--model", desk.model, "--reason", "latency at noon") == 0
    assert desk.aliases() == {"champion": "1", "rollback": "2"}
    assert desk("audit", "--model", desk.model) == 0, desk.said


def test_an_alias_set_by_hand_is_found_by_its_name(desk):
    assert desk.promote("1") == 0
    desk.client.set_registered_model_alias(desk.model, "champion", "2")
    assert desk("audit", "--model", desk.model) == 1
    assert f"{desk.model}: champion is version 2, without a decision" in desk.said
    assert "left it at version 1" in desk.said
    assert desk("audit") == 1  # among all models of the server, too
    assert desk("audit", "--alias", "live", "--model", desk.model, "--json") == 1
    (found,) = json.loads(desk.said)["findings"]
    assert found["what"] == "alias"


def test_a_finished_run_that_is_overwritten_is_found_with_both_values(desk):
    assert desk("import", "--experiment", desk.model, "--json") == 0
    assert [one["run"] for one in json.loads(desk.said)["imported"]] == desk.runs[::-1]
    assert desk("import", desk.runs[0]) == 0
    assert "0 of 1 runs are new or changed" in desk.said
    desk.client.log_metric(desk.runs[0], "acc", 0.93)
    desk.client.set_tag(desk.runs[0], "mlflow.user", "somebody")
    assert desk("audit", "--model", desk.model) == 1
    assert "data.metrics.acc was 0.71, is 0.93" in desk.said
    assert "mlflow.user" in desk.said


def test_files_changed_under_a_version_are_found(desk, tmp_path):
    assert desk.promote("1") == 0
    (tmp_path / "weights.bin").write_bytes(b"others")
    desk.client.log_artifact(desk.runs[0], str(tmp_path / "weights.bin"), "model")
    assert desk("audit", "--model", desk.model) == 1
    assert "version 1: weights.bin is changed" in desk.said
    assert desk("audit", "--model", desk.model, "--no-files") == 0
    assert "were not read" in desk.said


def test_a_version_whose_files_cannot_be_asked_for_is_promoted_only_with_that_said(desk):
    """No client for that storage is here: that is no word about what lies there."""
    desk.client.create_model_version(desk.model, "s3://nowhere/at/all")
    assert desk.promote("3", "--json") == 2
    assert "its files could not be read" in desk.said + desk.fault
    assert desk.promote("3", "--json", "--no-files") == 0
    ground = json.loads(desk.said)["ground"]
    assert (ground["files"], ground["bound_by"]) == (None, "word")
    assert desk("audit", "--model", desk.model) == 0
    assert "its files were not read" in desk.said


def test_a_version_without_files_is_none_that_cannot_be_read_and_later_files_are_found(
    desk, tmp_path
):
    desk.client.create_model_version(desk.model, f"runs:/{desk.runs[0]}/empty", desk.runs[0])
    assert desk.promote("3", "--json") == 0, desk.fault
    assert json.loads(desk.said)["ground"]["files"] == {}
    (tmp_path / "weights.bin").write_bytes(b"others")
    desk.client.log_artifact(desk.runs[0], str(tmp_path / "weights.bin"), "empty")
    assert desk("audit", "--model", desk.model) == 1
    assert "version 3: weights.bin is new" in desk.said


def test_an_alias_that_was_moved_and_put_back_leaves_no_trace_which_the_audit_says(desk):
    """If a later MLflow keeps a time of it, this fails, and the audit can see it."""
    assert desk.promote("1") == 0

    def told():
        model = desk.client.get_registered_model(desk.model)
        versions = [desk.client.get_model_version(desk.model, one) for one in ("1", "2")]
        times = [one.last_updated_timestamp for one in (model, *versions)]
        return times, dict(model.aliases), [dict(one.tags) for one in versions]

    before = told()
    desk.client.set_registered_model_alias(desk.model, "champion", "2")
    desk.client.set_registered_model_alias(desk.model, "champion", "1")
    assert told() == before
    assert desk("audit", "--model", desk.model) == 0
    assert "Not covered: an alias that was moved and put back" in desk.said


def test_names_that_do_not_exist_and_a_server_that_does_not_answer_are_said(desk):
    assert desk.promote("99") == 2
    assert "no version of" in desk.fault
    assert desk("import", "nosuchrun") == 2
    assert desk("import", "--experiment", "nosuch") == 2
    desk.address = "http://127.0.0.1:1"
    assert desk("audit") == 2
    assert "registry mlflow" in desk.fault
