"""Every row of the table of decision rights, as an act that is proposed, answered and reviewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from liftgate.gates.acts import ActFacts, Proposal, stand_act
from liftgate.gates.condition import State
from liftgate.gates.policy import shipped
from liftgate.gates.rights import Right, Scope, Signer

START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = {one.act: one for one in shipped("startup").table()}
MET, NOT_MET, CANNOT_TELL = State.MET, State.NOT_MET, State.CANNOT_TELL


def by(name: str, role: str, hours: float = 1, note: str = "") -> Signer:
    return Signer(name, name, (role,), claimed=role, time=START + timedelta(hours=hours), note=note)


class Acted:
    """An act of one right, proposed by ada at the start."""

    def __init__(self, act: str, **changes: object) -> None:
        self.right: Right = ROWS[act].model_copy(update=changes)
        self.teams: tuple[str, ...] = ()
        self.weakening, self.authority, self.about, self.of = False, "", "", ""
        self.budget: tuple[float, float] | None = None
        self.signers: tuple[Signer, ...] = ()
        self.objections: tuple[Signer, ...] = ()
        self.reviews: tuple[Signer, ...] = ()

    def __call__(self, *, hours: float = 2, **given: object) -> State:
        for name, value in given.items():
            setattr(self, name, value)
        self.tree = stand_act(
            self.right,
            ActFacts(
                Proposal(
                    1, self.right.act, "x", START, Scope(self.teams, self.weakening),
                    self.authority, self.about, self.budget, self.of,
                ),
                START + timedelta(hours=hours), frozenset({"ada"}), self.signers,
                self.objections, self.reviews,
            ),
        )  # fmt: skip
        return self.tree.state


def test_a_design_is_the_authors_alone_once_it_passes_lint() -> None:
    design = Acted("design")
    assert design() is CANNOT_TELL
    assert design(about="decision") is CANNOT_TELL
    assert design(about="study.locked") is MET


def test_a_metric_of_the_catalogue_is_the_authors_choice_and_another_needs_the_team() -> None:
    metrics = Acted("metrics", catalogue=("mrr",))
    assert metrics(of="mrr") is MET
    assert metrics(of="vibes") is NOT_MET
    assert metrics(signers=(by("bob", "team"),)) is NOT_MET
    assert metrics(signers=(by("bob", "team"), by("eve", "team"))) is MET


def test_a_prototype_is_recorded_and_has_no_gate() -> None:
    assert Acted("prototype")() is MET


@pytest.mark.parametrize(
    ("act", "roles", "about"),
    [
        ("experiment-online", ("product", "analytics", "engineering"), ""),
        ("integration", ("ai-engineering", "platform"), ""),
        ("publication", ("director", "ip"), ""),
        ("compliance", ("compliance",), "decision"),
        ("launch-high", ("governance-board", "director"), "decision"),
    ],
)
def test_every_role_that_the_row_names_must_sign_and_the_author_is_none_of_them(
    act: str, roles: tuple[str, ...], about: str
) -> None:
    acted = Acted(act)
    people = [by(f"p{n}", role) for n, role in enumerate(roles)]
    assert acted(about=about) is NOT_MET
    for missing in range(len(roles)):
        few = tuple(one for n, one in enumerate(people) if n != missing)
        assert acted(signers=few) is NOT_MET
        assert acted(signers=(*few, by("ada", roles[missing]))) is NOT_MET
    assert acted(signers=tuple(people)) is MET
    if about:
        assert acted(about="") is CANNOT_TELL


def test_a_gate_of_two_teams_needs_both_and_a_weakening_responsible_ai_as_well() -> None:
    change = Acted("gate-change")
    assert change(teams=("search",)) is MET
    assert change(teams=("search", "ads")) is NOT_MET
    both = (by("sue", "team-search"), by("al", "team-ads"))
    assert change(signers=both[:1]) is NOT_MET
    assert change(signers=both) is MET
    assert change(weakening=True) is NOT_MET
    assert change(signers=(*both, by("rai", "responsible-ai"))) is MET


def test_a_shared_dataset_needs_every_consumer_or_ten_days_without_a_word_against_it() -> None:
    change = Acted("dataset-change")
    assert change(teams=("a", "b")) is CANNOT_TELL
    assert change(hours=239) is CANNOT_TELL
    assert change(hours=240) is MET
    assert change(objections=(by("al", "team-a"),), hours=500) is NOT_MET
    assert change(objections=(by("x", "passer-by"),)) is CANNOT_TELL
    both = (by("sue", "team-a"), by("al", "team-b"))
    assert change(objections=(), signers=both) is MET
    assert Acted("dataset-change")() is MET


def test_a_budget_above_the_threshold_goes_to_a_director_and_an_unknown_one_too() -> None:
    shift = Acted("roadmap", alone_up_to=5_000.0)
    assert shift() is NOT_MET
    assert shift(budget=(20_000, 24_000)) is MET
    assert shift(budget=(20_000, 14_000)) is NOT_MET
    assert shift(signers=(by("dan", "director"),)) is MET


def test_a_vendor_needs_a_director_and_a_note_of_procurement() -> None:
    vendor = Acted("vendor")
    dan = by("dan", "director")
    assert vendor(signers=(dan, by("pat", "procurement"))) is NOT_MET
    assert "pat (no note)" in str(vendor.tree.as_json())
    assert vendor(signers=(dan, by("pat", "procurement", note="two offers"))) is MET


def test_a_safety_disagreement_takes_a_launch_to_the_board() -> None:
    launch = Acted("launch-high")
    two = (by("gil", "governance-board"), by("dan", "director"))
    assert launch(about="decision", signers=two) is MET
    safety = (by("sam", "safety", hours=3, note="jailbreaks"),)
    assert launch(objections=safety, hours=4) is NOT_MET
    early = (*two, by("guy", "governance-board", hours=2))
    assert launch(signers=early) is NOT_MET
    late = (*two, by("gil", "governance-board", 5), by("guy", "governance-board", 5))
    assert launch(signers=late, hours=6) is MET
    assert launch(objections=(by("x", "marketing", 3),), signers=two) is MET


def test_a_recommendation_names_its_final_authority_and_nobody_signs() -> None:
    hiring = Acted("recommend")
    assert hiring() is NOT_MET
    assert hiring(authority="head of research") is MET


def test_an_incident_commander_goes_back_alone_and_somebody_else_reviews_it_in_48_hours() -> None:
    back = Acted("rollback")
    assert back() is NOT_MET
    assert back(signers=(by("ada", "incident-commander"),)) is MET
    assert back(hours=48) is MET
    assert back(hours=50) is NOT_MET
    assert back(reviews=(by("ada", "director", 40),), hours=50) is NOT_MET
    assert back(reviews=(by("dan", "director", 40),), hours=50) is MET
    assert back(reviews=(by("dan", "director", 60),), hours=70) is MET
    assert "too late" in str(back.tree.as_json())


def test_what_nobody_signed_as_its_author_is_not_known_to_be_by_another() -> None:
    proposal = Proposal(1, "prototype", "x", START, Scope())
    assert stand_act(ROWS["prototype"], ActFacts(proposal, START, frozenset())).state is CANNOT_TELL


def test_time_that_runs_out_lets_a_director_sign_instead_but_not_before() -> None:
    rollout = Acted("experiment-online")
    assert rollout(signers=(by("dan", "director", 10),), hours=119) is NOT_MET
    assert "escalates" in str(rollout.tree.as_json())
    assert rollout(hours=121) is NOT_MET
    assert "escalated at 2026-01-06 00:00" in str(rollout.tree.as_json())
    assert rollout(signers=(by("dan", "director", 121),), hours=122) is MET
    assert rollout(signers=(by("ada", "director", 121),)) is NOT_MET
