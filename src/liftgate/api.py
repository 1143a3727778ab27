"""What every command does, as a function: the typed Python API that equals the command line.

Names are imported when first used. Which command each one stands behind: `liftgate.cli.behind`
and docs/reference/python.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liftgate.failures.taxonomy import default_text as default_taxonomy
    from liftgate.flow.acts import Asked as ActAsked
    from liftgate.flow.acts import answer as answer_act
    from liftgate.flow.acts import propose as propose_act
    from liftgate.flow.acts import register as register_consumer
    from liftgate.flow.acts import review as review_act
    from liftgate.flow.acts import status as act_status
    from liftgate.flow.approve import Forecast, draft_record, signed_record
    from liftgate.flow.approve import approve as approve_decision
    from liftgate.flow.approve import sign as sign_study
    from liftgate.flow.approve import waive as waive_conditions
    from liftgate.flow.attest import attest as attest_entry
    from liftgate.flow.attribute import attribute_study
    from liftgate.flow.captured import export_tree as export_code
    from liftgate.flow.checkpoints import (
        Destinations,
        check_proof,
        keep_checkpoint,
        prove_entry,
        prove_growth,
    )
    from liftgate.flow.compare import compare_each, compare_tables
    from liftgate.flow.cosign import add as add_request
    from liftgate.flow.cosign import read as read_request
    from liftgate.flow.cosign import sign as sign_request
    from liftgate.flow.document import build_document, check_document, document_changes
    from liftgate.flow.document import checker as document_checker
    from liftgate.flow.document import template_files as list_templates
    from liftgate.flow.drill import Drill
    from liftgate.flow.drill import record as record_drill
    from liftgate.flow.erase import erase_items
    from liftgate.flow.erase import held as data_tags
    from liftgate.flow.explain import explain as explain_cache
    from liftgate.flow.failures import Drawing as FailureDrawing
    from liftgate.flow.failures import draw_failures, report_failures
    from liftgate.flow.fetch import fetch as fetch_runs
    from liftgate.flow.gate import Request as GateRequest
    from liftgate.flow.gate import simulate_gate
    from liftgate.flow.glass import Emergency, break_glass
    from liftgate.flow.glass import exceptions as list_exceptions
    from liftgate.flow.impact import impact_of
    from liftgate.flow.impact import reopen as reopen_decisions
    from liftgate.flow.judge import Request as CalibrationRequest
    from liftgate.flow.judge import calibrate_judge
    from liftgate.flow.keys import Role as KeyRole
    from liftgate.flow.keys import listed as list_keys
    from liftgate.flow.keys import make as make_key
    from liftgate.flow.keys import revoke as revoke_key
    from liftgate.flow.keys import trust as trust_key
    from liftgate.flow.label_plan import plan_labels
    from liftgate.flow.labels import draw_labels
    from liftgate.flow.ledger import correct as correct_entry
    from liftgate.flow.ledger import entries as ledger_entries
    from liftgate.flow.ledger import entry as ledger_entry
    from liftgate.flow.ledger import erase as erase_value
    from liftgate.flow.ledger import verify as verify_ledger
    from liftgate.flow.lending import declare as declare_conflict
    from liftgate.flow.lending import delegate as delegate_role
    from liftgate.flow.models import add_model, list_models
    from liftgate.flow.models import served as serve_model
    from liftgate.flow.move import move_ledger
    from liftgate.flow.mutation import activate_gate, mutate_gate
    from liftgate.flow.pack import make_pack, open_pack
    from liftgate.flow.perturb import perturb_file
    from liftgate.flow.policies import adopt as adopt_policy
    from liftgate.flow.policies import current as policy_in_force
    from liftgate.flow.policies import difference as policy_difference
    from liftgate.flow.policies import named as policy_named
    from liftgate.flow.policies import tier_of
    from liftgate.flow.power import Request as PowerRequest
    from liftgate.flow.power import study_power
    from liftgate.flow.rating import Asked as BatchAsked
    from liftgate.flow.rating import adjudicate as adjudicate_subject
    from liftgate.flow.rating import draw_batch
    from liftgate.flow.rating import labels_text as batch_labels
    from liftgate.flow.rating import opened as open_batch
    from liftgate.flow.rating import sheet_text as batch_sheet
    from liftgate.flow.rating import take_in as take_in_sheet
    from liftgate.flow.rating_close import close_batch
    from liftgate.flow.rating_view import lead_view as batch_status
    from liftgate.flow.registry import Aliases, open_registry, roll_back
    from liftgate.flow.registry import promote as promote_version
    from liftgate.flow.registry_audit import audit as audit_registry
    from liftgate.flow.registry_audit import import_runs
    from liftgate.flow.registry_finish import finish as finish_move
    from liftgate.flow.regress import Wanted as TestWanted
    from liftgate.flow.regress import add_test, check_suite
    from liftgate.flow.regress import move as move_test
    from liftgate.flow.regress_log import add_from_log as add_test_from_log
    from liftgate.flow.replay import replay_gate
    from liftgate.flow.report import write_report
    from liftgate.flow.reproduce import estimate as estimate_reproduction
    from liftgate.flow.reproduce import reproduce as reproduce_run
    from liftgate.flow.run import run_study
    from liftgate.flow.standing import picture as standing_picture
    from liftgate.flow.standing import status as gate_status
    from liftgate.flow.study import amend_study, lock_study, verify_study
    from liftgate.flow.study import find as find_lock
    from liftgate.flow.suite import listed as list_tests
    from liftgate.flow.suite import suite_items
    from liftgate.flow.trace import trace_reference
    from liftgate.flow.verify import Request as VerifyRequest
    from liftgate.flow.verify import verify as verify_statistics
    from liftgate.gates.rights import find as find_right
    from liftgate.lineage.regressions import State as TestState
    from liftgate.perturbations.dataset import Perturbing
    from liftgate.plugins import catalogue as list_plugins
    from liftgate.store import Workspace
    from liftgate.study.lint import check as lint_study
    from liftgate.study.load import load as load_study
    from liftgate.study.lock import Seen
    from liftgate.study.rubric import built_in_rubrics, find_rubric
    from liftgate.study.scaffold import Answers as StudyAnswers
    from liftgate.study.scaffold import scaffold as scaffold_study
    from liftgate.study.schema import json_schema as study_schema

_HOMES = {
    "ActAsked": "flow.acts:Asked",
    "Aliases": "flow.registry:Aliases",
    "BatchAsked": "flow.rating:Asked",
    "CalibrationRequest": "flow.judge:Request",
    "Destinations": "flow.checkpoints:Destinations",
    "Drill": "flow.drill:Drill",
    "Emergency": "flow.glass:Emergency",
    "FailureDrawing": "flow.failures:Drawing",
    "Forecast": "flow.approve:Forecast",
    "GateRequest": "flow.gate:Request",
    "KeyRole": "flow.keys:Role",
    "Perturbing": "perturbations.dataset:Perturbing",
    "PowerRequest": "flow.power:Request",
    "Seen": "study.lock:Seen",
    "StudyAnswers": "study.scaffold:Answers",
    "TestState": "lineage.regressions:State",
    "TestWanted": "flow.regress:Wanted",
    "VerifyRequest": "flow.verify:Request",
    "Workspace": "store:Workspace",
    "act_status": "flow.acts:status",
    "activate_gate": "flow.mutation:activate_gate",
    "add_model": "flow.models:add_model",
    "add_request": "flow.cosign:add",
    "add_test": "flow.regress:add_test",
    "add_test_from_log": "flow.regress_log:add_from_log",
    "adjudicate_subject": "flow.rating:adjudicate",
    "adopt_policy": "flow.policies:adopt",
    "amend_study": "flow.study:amend_study",
    "answer_act": "flow.acts:answer",
    "approve_decision": "flow.approve:approve",
    "attest_entry": "flow.attest:attest",
    "attribute_study": "flow.attribute:attribute_study",
    "audit_registry": "flow.registry_audit:audit",
    "batch_labels": "flow.rating:labels_text",
    "batch_sheet": "flow.rating:sheet_text",
    "batch_status": "flow.rating_view:lead_view",
    "break_glass": "flow.glass:break_glass",
    "build_document": "flow.document:build_document",
    "built_in_rubrics": "study.rubric:built_in_rubrics",
    "calibrate_judge": "flow.judge:calibrate_judge",
    "check_document": "flow.document:check_document",
    "check_proof": "flow.checkpoints:check_proof",
    "check_suite": "flow.regress:check_suite",
    "close_batch": "flow.rating_close:close_batch",
    "compare_each": "flow.compare:compare_each",
    "compare_tables": "flow.compare:compare_tables",
    "correct_entry": "flow.ledger:correct",
    "data_tags": "flow.erase:held",
    "declare_conflict": "flow.lending:declare",
    "default_taxonomy": "failures.taxonomy:default_text",
    "delegate_role": "flow.lending:delegate",
    "document_changes": "flow.document:document_changes",
    "document_checker": "flow.document:checker",
    "draft_record": "flow.approve:draft_record",
    "draw_batch": "flow.rating:draw_batch",
    "draw_failures": "flow.failures:draw_failures",
    "draw_labels": "flow.labels:draw_labels",
    "erase_items": "flow.erase:erase_items",
    "erase_value": "flow.ledger:erase",
    "estimate_reproduction": "flow.reproduce:estimate",
    "explain_cache": "flow.explain:explain",
    "export_code": "flow.captured:export_tree",
    "fetch_runs": "flow.fetch:fetch",
    "find_lock": "flow.study:find",
    "find_right": "gates.rights:find",
    "find_rubric": "study.rubric:find_rubric",
    "finish_move": "flow.registry_finish:finish",
    "gate_status": "flow.standing:status",
    "impact_of": "flow.impact:impact_of",
    "import_runs": "flow.registry_audit:import_runs",
    "keep_checkpoint": "flow.checkpoints:keep_checkpoint",
    "ledger_entries": "flow.ledger:entries",
    "ledger_entry": "flow.ledger:entry",
    "lint_study": "study.lint:check",
    "list_exceptions": "flow.glass:exceptions",
    "list_keys": "flow.keys:listed",
    "list_models": "flow.models:list_models",
    "list_plugins": "plugins:catalogue",
    "list_templates": "flow.document:template_files",
    "list_tests": "flow.suite:listed",
    "load_study": "study.load:load",
    "lock_study": "flow.study:lock_study",
    "make_key": "flow.keys:make",
    "make_pack": "flow.pack:make_pack",
    "move_ledger": "flow.move:move_ledger",
    "move_test": "flow.regress:move",
    "mutate_gate": "flow.mutation:mutate_gate",
    "open_batch": "flow.rating:opened",
    "open_pack": "flow.pack:open_pack",
    "open_registry": "flow.registry:open_registry",
    "perturb_file": "flow.perturb:perturb_file",
    "plan_labels": "flow.label_plan:plan_labels",
    "policy_difference": "flow.policies:difference",
    "policy_in_force": "flow.policies:current",
    "policy_named": "flow.policies:named",
    "promote_version": "flow.registry:promote",
    "propose_act": "flow.acts:propose",
    "prove_entry": "flow.checkpoints:prove_entry",
    "prove_growth": "flow.checkpoints:prove_growth",
    "read_request": "flow.cosign:read",
    "record_drill": "flow.drill:record",
    "register_consumer": "flow.acts:register",
    "reopen_decisions": "flow.impact:reopen",
    "replay_gate": "flow.replay:replay_gate",
    "report_failures": "flow.failures:report_failures",
    "reproduce_run": "flow.reproduce:reproduce",
    "review_act": "flow.acts:review",
    "revoke_key": "flow.keys:revoke",
    "roll_back": "flow.registry:roll_back",
    "run_study": "flow.run:run_study",
    "scaffold_study": "study.scaffold:scaffold",
    "serve_model": "flow.models:served",
    "sign_request": "flow.cosign:sign",
    "sign_study": "flow.approve:sign",
    "signed_record": "flow.approve:signed_record",
    "simulate_gate": "flow.gate:simulate_gate",
    "standing_picture": "flow.standing:picture",
    "study_power": "flow.power:study_power",
    "study_schema": "study.schema:json_schema",
    "suite_items": "flow.suite:suite_items",
    "take_in_sheet": "flow.rating:take_in",
    "tier_of": "flow.policies:tier_of",
    "trace_reference": "flow.trace:trace_reference",
    "trust_key": "flow.keys:trust",
    "verify_ledger": "flow.ledger:verify",
    "verify_statistics": "flow.verify:verify",
    "verify_study": "flow.study:verify_study",
    "waive_conditions": "flow.approve:waive",
    "write_report": "flow.report:write_report",
}
"""Public name -> module and name, where it lives."""

__all__ = [
    "ActAsked", "Aliases", "BatchAsked", "CalibrationRequest", "Destinations", "Drill", "Emergency",
    "FailureDrawing", "Forecast", "GateRequest", "KeyRole", "Perturbing", "PowerRequest", "Seen",
    "StudyAnswers", "TestState", "TestWanted", "VerifyRequest", "Workspace", "act_status",
    "activate_gate", "add_model", "add_request", "add_test", "add_test_from_log",
    "adjudicate_subject", "adopt_policy", "amend_study", "answer_act", "approve_decision",
    "attest_entry", "attribute_study", "audit_registry", "batch_labels", "batch_sheet",
    "batch_status", "break_glass", "build_document", "built_in_rubrics", "calibrate_judge",
    "check_document", "check_proof", "check_suite", "close_batch", "compare_each", "compare_tables",
    "correct_entry", "data_tags", "declare_conflict", "default_taxonomy", "delegate_role",
    "document_changes", "document_checker", "draft_record", "draw_batch", "draw_failures",
    "draw_labels", "erase_items", "erase_value", "estimate_reproduction", "explain_cache",
    "export_code", "fetch_runs", "find_lock", "find_right", "find_rubric", "finish_move",
    "gate_status", "impact_of", "import_runs", "keep_checkpoint", "ledger_entries", "ledger_entry",
    "lint_study", "list_exceptions", "list_keys", "list_models", "list_plugins", "list_templates",
    "list_tests", "load_study", "lock_study", "make_key", "make_pack", "move_ledger", "move_test",
    "mutate_gate", "open_batch", "open_pack", "open_registry", "perturb_file", "plan_labels",
    "policy_difference", "policy_in_force", "policy_named", "promote_version", "propose_act",
    "prove_entry", "prove_growth", "read_request", "record_drill", "register_consumer",
    "reopen_decisions", "replay_gate", "report_failures", "reproduce_run", "review_act",
    "revoke_key", "roll_back", "run_study", "scaffold_study", "serve_model", "sign_request",
    "sign_study", "signed_record", "simulate_gate", "standing_picture", "study_power",
    "study_schema", "suite_items", "take_in_sheet", "tier_of", "trace_reference", "trust_key",
    "verify_ledger", "verify_statistics", "verify_study", "waive_conditions", "write_report",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'liftgate.api' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(import_module(f"liftgate.{module}"), attribute)


def __dir__() -> list[str]:
    return __all__
