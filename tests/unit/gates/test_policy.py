"""Policies: read with all faults; tiers by what changed; three-valued demands; bars compared."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from liftgate.canon import canonical
from liftgate.errors import StudyError, UnknownName
from liftgate.gates.condition import State, all_of, cannot_tell, met, not_met
from liftgate.gates.demands import Facts, SetAside, Told, stand
from liftgate.gates.policy import SHIPPED, loads, of_model, shipped
from liftgate.gates.rights import Signer
from liftgate.gates.risk import kinds_of, risk_of
from liftgate.gates.weakening import compare_policies, compare_studies, weakens

NOW = datetime(2026, 11, 27, tzinfo=UTC)
MODEL = {
    "liftgate": 1, "study": "s", "hypothesis": "h", "owner": "o", "tier": "startup", "seed": 1,
    "dataset": {"source": "a.jsonl", "cluster": "page", "slices": ["kind", "lang"]},
    "arms": {"old": {"role": "baseline", "system": "python:a:b"},
             "new": {"role": "candidate", "system": "python:a:c"}},
    "scorers": {"right": {"scorer": "judge", "rubric": "r1"}},
    "ratios": {"unit_cost": {"of": "cost", "per": "right", "most": 1.0}},
    "reproduction": {"tolerance": {"right": 0.02}},
    "outcomes": {"crash": {"score": "worst", "retries": 1}, "scorer_failed": "missing"},
    "claims": {
        "primary": {"metric": "right", "superior": {"by": 0.0, "target": 0.1},
                    "population": "new-items"},
        "guardrails": [{"metric": "mrr", "non_inferior": {"margin": 0.02},
                        "population": "new-items"}],
        "watch": [{"metric": "right", "by_slice": "kind", "none_shown_worse": {"min_clusters": 10},
                   "population": "new-items"}],
        "secondary": [],
    },
    "decision": {"risk": "normal", "alpha": 0.05, "alpha_hold": 0.05, "population": "new-items"},
    "stopping": {"plan": "fixed"}, "repeats": 1,
}  # fmt: skip
PROMPT = [{"path": "params.prompt", "baseline": "a", "candidate": "b"}]


def facts(word: str = "ship", changes=PROMPT, **given) -> Facts:
    body = {
        "study": "s", "alpha": 0.05, "changes": {"new": changes},
        "decisions": [{"candidate": "new", "word": word}],
        "arms": [{"name": "new", "fingerprint": "f"}],
    }  # fmt: skip
    return replace(Facts(body, MODEL, 200, NOW - timedelta(days=5), NOW), **given)


BOB = Signer("b", "bob", ("product",), claimed="product")
SIGNED = {"author_signed": True, "authors": frozenset({"ada"})}
WHOLE = {"captured": {"run-1": ()}}
SWAP = [{"path": "params.model", "baseline": "a", "candidate": "b"}]
TOOL = [{"path": "params.tools.0", "baseline": None, "candidate": "shell"}]


@pytest.mark.parametrize(
    ("policy", "given", "code"),
    [
        ("startup", {}, 0),
        ("startup", {"word": "hold"}, 1),
        ("startup", {"word": "inconclusive"}, 4),
        ("startup", {"changed": "rows were added"}, 1),
        ("startup", {"changes": TOOL}, 4),
        ("scaleup", {}, 0),
        ("scaleup", {"decided": NOW - timedelta(days=91)}, 1),
        ("scaleup", {"changes": SWAP}, 4),
        ("scaleup", {"changes": SWAP, **SIGNED}, 1),
        ("scaleup", {"changes": SWAP, **SIGNED, "approvals": (BOB,)}, 0),
        ("scaleup", {"changes": SWAP, **SIGNED, "approvals": (BOB,), "weakened": ("n",)}, 1),
        ("scaleup", {"changes": SWAP, "author_signed": True, "authors": frozenset({"bob"}),
                     "approvals": (BOB,)}, 1),
        ("regulated", {**SIGNED, **WHOLE, "approvals": (BOB,), "record": 9}, 0),
        ("regulated", {**SIGNED, "approvals": (BOB,), "record": 9}, 4),
        ("regulated", {**SIGNED, **WHOLE, "approvals": (BOB,)}, 1),
        ("regulated", {"changes": SWAP, **SIGNED}, 1),
    ],
)  # fmt: skip
def test_each_set_of_facts_has_its_answer_and_the_same_bytes(policy, given, code) -> None:
    found = stand(shipped(policy), facts(**given))
    assert found.exit_code == code, found.tree
    again = stand(shipped(policy), facts(**copy.deepcopy(given)))
    assert canonical(found.as_json()) == canonical(again.as_json())


def test_three_changes_have_three_sets_of_demands() -> None:
    policy = shipped("scaleup")
    tiers = [risk_of(policy, changes).tier for changes in (PROMPT, SWAP, TOOL)]
    assert tiers == ["low", "medium", "high"]
    assert len({policy.tier(name).model_dump_json() for name in tiers}) == 3
    assert risk_of(policy, PROMPT, declared="high").tier == "high"
    assert risk_of(policy, [*PROMPT, *SWAP]).tier == "medium"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("params.system_prompt", "prompt"), ("params.temperature", "settings"),
        ("params.top_k", "retriever"), ("params.reranker", "retriever"), ("files.0", "code"),
        ("params.agent.prompt", "tool"), ("params.llm_model", "model"), ("params.x", "other"),
        ("reads", "other"), ("params", "other"), ("params.promptx", "other"),
    ],
)  # fmt: skip
def test_a_place_that_changed_says_of_which_kind_the_change_is(path, kind) -> None:
    assert list(kinds_of([{"path": path, "baseline": 1, "candidate": 2}])) == [kind]


def test_a_change_inside_the_code_is_one_of_code_and_of_the_plug_in_one_of_the_model() -> None:
    assert list(kinds_of([])) == ["code"]
    for new, kind in (("python:b:c", "code"), ("openai:x", "model")):
        change = {"path": "system", "baseline": "python:a:b", "candidate": new}
        assert list(kinds_of([change])) == [kind]


def test_another_study_and_an_entry_are_demanded_fresh_and_about_the_same_candidate() -> None:
    policy = shipped("regulated")

    def parts(*told: Told) -> dict[str, State]:
        tree = stand(policy, facts(changes=TOOL, others=told)).tree
        return {one.name: one.state for one in tree.parts}

    safety = Told(3, "decision", NOW, "safety-1", "ship", ("f",), signers=(BOB,))
    engineer = Signer("e", "eve", ("engineering",))
    drill = Told(4, "drill.rollback", NOW, None, "passed", signers=(engineer,))
    assert parts()["study:safety"] is State.CANNOT_TELL
    assert parts(safety)["study:safety"] is State.MET
    assert parts(replace(safety, candidates=("g",)))["study:safety"] is State.CANNOT_TELL
    assert parts(replace(safety, verdict="hold"))["study:safety"] is State.NOT_MET
    assert parts(replace(safety, signers=()))["study:safety"] is State.NOT_MET
    robot = replace(BOB, service=True)
    assert parts(replace(safety, signers=(robot,)))["study:safety"] is State.NOT_MET
    old = NOW - timedelta(days=91)
    assert parts(replace(safety, time=old))["study:safety"] is State.NOT_MET
    assert parts(drill)["entry:rollback-drill"] is State.MET
    assert parts(replace(drill, signers=()))["entry:rollback-drill"] is State.NOT_MET
    assert parts(replace(drill, study="t"))["entry:rollback-drill"] is State.CANNOT_TELL
    assert parts(replace(drill, verdict="failed"))["entry:rollback-drill"] is State.NOT_MET


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        ({}, True),
        ({"until": NOW}, False),
        ({"until": NOW + timedelta(days=40)}, False),
        ({"conditions": ("items",)}, False),
        ({"signers": ()}, False),
        ({"signers": (Signer("a", "ada", ("product",)),)}, False),
    ],
)
def test_a_waiver_counts_in_its_scope_its_time_and_with_its_signatures(change, holds) -> None:
    signers = (Signer("b", "bob", ("product",)),)
    given = SetAside(7, ("fresh",), NOW + timedelta(days=1), NOW, "cleo", "why", signers)
    old = facts(decided=NOW - timedelta(days=100), authors=frozenset({"ada"}))
    found = stand(shipped("scaleup"), replace(old, waivers=(replace(given, **change),)))
    assert found.exit_code == (0 if holds else 1)


@pytest.mark.parametrize(
    ("captured", "state", "why"),
    [
        ({}, State.CANNOT_TELL, "it is not known what was captured of any run"),
        ({"a": (), "b": None}, State.CANNOT_TELL, "it is not known what was captured of run b"),
        ({"a": (), "b": ()}, State.MET, "complete, of 2 runs"),
        ({"a": None, "b": ("not captured: git (none)",)}, State.NOT_MET,
         "run b: not captured: git (none)"),
        ({"a": ("x", "y"), "b": ("z",)}, State.NOT_MET, "run a: x; y; 1 more runs"),
    ],
)  # fmt: skip
def test_a_capture_is_complete_or_not_or_nobody_knows(captured, state, why) -> None:
    given = facts(**SIGNED, approvals=(BOB,), record=9, captured=captured)
    (found,) = (one for one in stand(shipped("regulated"), given).tree.parts
                if one.name == "capture")  # fmt: skip
    assert found.state is state
    assert why in found.why
    lighter = [one.name for one in stand(shipped("scaleup"), given).tree.parts]
    assert "capture" not in lighter


def test_a_policy_without_the_capture_is_weaker_and_says_nothing_of_it_in_its_digest() -> None:
    strict = shipped("regulated")
    for tier in ("low", "medium", "high"):
        tiers = {**strict.tiers, tier: strict.tier(tier).model_copy(
            update={"complete_capture": False})}  # fmt: skip
        without = strict.model_copy(update={"tiers": tiers})
        assert "complete_capture" not in without.model()["tiers"][tier]
        for old, new, effect in ((strict, without, "weakened"), (without, strict, "strengthened")):
            (change,) = compare_policies(old, new)
            assert (change.path, change.effect) == (f"tiers.{tier}.complete_capture", effect)


def test_and_has_three_values() -> None:
    yes, no, open_ = met("a", ""), not_met("b", ""), cannot_tell("c", "")
    assert all_of("x", [yes, open_, no]).state is State.NOT_MET
    assert all_of("x", [yes, open_]).state is State.CANNOT_TELL
    assert all_of("x", [yes]).state is State.MET
    assert all_of("x", [no.waived(3, "w"), yes]).state is State.MET


@pytest.mark.parametrize(
    ("path", "value", "effect"),
    [
        ("claims.guardrails.0.non_inferior.margin", 0.03, "weakened"),
        ("claims.guardrails.0.non_inferior.margin", 0.01, "strengthened"),
        ("claims.guardrails.0.non_inferior.margin", "2%", "weakened"),
        ("claims.guardrails", [], "weakened"),
        ("claims.watch", [], "weakened"),
        ("claims.primary.superior.by", 0.01, "strengthened"),
        ("claims.primary.superior.by", -0.01, "weakened"),
        ("claims.primary.superior.target", 0.2, "neutral"),
        ("claims.primary.population", "this-set", "weakened"),
        ("claims.primary.metric", "other", "weakened"),
        ("scorers.right.rubric", "r2", "weakened"),
        ("ratios.unit_cost.most", 0.5, "weakened"),
        ("ratios", None, "weakened"),
        ("reproduction.tolerance.right", 0.05, "weakened"),
        ("reproduction.tolerance.right", 0.01, "strengthened"),
        ("reproduction", None, "weakened"),
        ("dataset.slices", ["kind"], "weakened"),
        ("dataset.slices", ["kind", "lang", "new"], "strengthened"),
        ("dataset.cluster", None, "weakened"),
        ("dataset.source", "b.jsonl", "weakened"),
        ("decision.alpha", 0.1, "weakened"),
        ("decision.alpha", 0.01, "strengthened"),
        ("decision.alpha_hold", 0.01, "weakened"),
        ("decision.guarantee", True, "strengthened"),
        ("decision.risk", "high", "strengthened"),
        ("outcomes.crash.score", 0.5, "weakened"),
        ("outcomes.crash.retries", 0, "strengthened"),
        ("outcomes.scorer_failed", "ignored", "weakened"),
        ("repeats", 3, "strengthened"),
        ("tier", "regulated", "strengthened"),
        ("arms.old.system", "python:a:weak", "weakened"),
        ("arms.new.system", "python:a:d", "neutral"),
        ("seed", 2, "neutral"),
        ("stopping", {"plan": "anytime"}, "neutral"),
        ("exploratory", True, "strengthened"),
    ],
)
def test_what_each_change_of_a_study_does_to_the_bar(path, value, effect) -> None:
    new = copy.deepcopy(MODEL)
    *parents, last = path.split(".")
    node = new
    for part in parents:
        node = node[int(part)] if part.isdecimal() else node[part]
    node[last] = value
    found = compare_studies(MODEL, new)
    assert [one.effect.value for one in found] == [effect], found
    assert found[0].why


def test_fewer_items_weaken_and_the_order_of_claims_changes_nothing() -> None:
    assert [one.effect.value for one in compare_studies(MODEL, MODEL, items=(200, 150))] == [
        "weakened"
    ]
    assert compare_studies(MODEL, MODEL, items=(200, 200)) == []
    more = copy.deepcopy(MODEL)
    more["claims"]["guardrails"].insert(0, {"measure": "mb", "within": {"limit": 3},
                                            "population": "new-items"})  # fmt: skip
    assert [one.effect.value for one in compare_studies(MODEL, more)] == ["strengthened"]


def test_policies_are_compared_place_by_place() -> None:
    old = shipped("scaleup")
    for change in (
        lambda m: m["tiers"]["medium"].update(approvals={}),
        lambda m: m["tiers"]["medium"].update(fresh_days=61),
        lambda m: m["tiers"]["high"].update(record=False),
        lambda m: m["risks"].update(model="low"),
        lambda m: m["waivers"].update(never=[]),
        lambda m: m["waivers"].update(longest_days=31),
        lambda m: m["changing"]["weakening"].pop("responsible-ai"),
        lambda m: m["rights"]["gate-change"].update(weakening={}),
        lambda m: m["rights"]["vendor"].update(author_alone=True),
        lambda m: m["rights"]["dataset-change"].update(lazy_days=3),
    ):
        model = copy.deepcopy(old.model())
        change(model)
        new = of_model(model, "x")
        assert {one.effect.value for one in compare_policies(old, new)} == {"weakened"}
        assert {one.effect.value for one in compare_policies(new, old)} == {"strengthened"}
    assert compare_policies(old, old) == []


def test_the_shipped_policies_rise_in_level_and_can_be_read_back() -> None:
    for name in SHIPPED:
        policy = shipped(name)
        assert of_model(policy.model(), name).digest() == policy.digest()
        assert not weakens(compare_policies(policy, policy))
    assert [shipped(name).rank for name in SHIPPED] == [0, 1, 2]
    with pytest.raises(UnknownName, match="scaleup"):
        shipped("scalup")


def test_a_policy_with_faults_names_every_one_with_its_line() -> None:
    text = (
        "liftgate: 1\npolicy: p\nlevel: huge\nrisks: {prompt: low}\ntiers: {low: {guardrial: 1}}\n"
    )
    with pytest.raises(StudyError) as caught:
        loads(text, "p.yaml")
    faults = {fault.path: fault for fault in caught.value.faults}
    assert faults["level"].line == 3
    assert "settings" in faults["risks"].message
    assert faults["tiers.low.guardrial"].line == 5
    with pytest.raises(StudyError, match=r"p\.yaml"):
        loads("- a", "p.yaml")
