"""Retrieval scores against trec_eval (through pytrec_eval) and ir_measures, to 1e-9.

Run by ``make test-interop`` in an environment of its own.
"""

from __future__ import annotations

import random

import ir_measures
import pytest
import pytrec_eval

from liftgate.records import Answer, Item, Missing
from liftgate.scorers.retrieval import mrr, ndcg, precision, recall

EXACT = 1e-9
DOCS = [f"d{n}" for n in range(30)] + ["D1", "a", "Z", "ü", "e\u0301", "\U0001f600"]


def collection(seed, *, queries=200, ties=True):
    """Return labels {query: {doc: grade}} and rankings {query: {doc: score}}; some are missing."""
    rng = random.Random(seed)
    labels, rankings = {}, {}
    for number in range(queries):
        query = f"q{number}"
        labels[query] = {
            doc: rng.choice([-1, 0, 0, 1, 1, 2, 3]) for doc in rng.sample(DOCS, rng.randint(1, 12))
        }
        if max(labels[query].values()) <= 0:
            labels[query][rng.choice(DOCS)] = 1
        if rng.random() < 0.1:
            continue
        scores = [0.0, 0.5, 1.0, 2.0] if ties else [n / 64 for n in range(64)]
        docs = rng.sample(DOCS, rng.randint(1, 20))
        drawn = rng.choices(scores, k=len(docs)) if ties else rng.sample(scores, len(docs))
        rankings[query] = dict(zip(docs, drawn, strict=True))
    return labels, rankings


def ours(scorer, labels, rankings):
    """Score every query of the labels; one without a ranking answers with null."""
    found = {}
    for query, grades in labels.items():
        ranking = rankings.get(query)
        output = None if ranking is None else [{"id": d, "score": s} for d, s in ranking.items()]
        score = scorer.score(Answer(output), Item(query, {"text": query}, target=grades))
        assert not isinstance(score, Missing)
        found[query] = score
    return found


def by_trec_eval(measure, labels, rankings):
    """Scores by trec_eval; it leaves a query without a ranking out, which counts as 0 (its -c)."""
    evaluator = pytrec_eval.RelevanceEvaluator(labels, {measure})
    name = measure.replace(".", "_")
    found = {query: values[name] for query, values in evaluator.evaluate(rankings).items()}
    return {query: found.get(query, 0.0) for query in labels}


def same(found, expected):
    assert found.keys() == expected.keys()
    for query, score in found.items():
        assert score == pytest.approx(expected[query], abs=EXACT), query


SCORERS = [
    (recall(k=5), "recall.5"),
    (recall(k=20), "recall.20"),
    (precision(k=1), "P.1"),
    (precision(k=5), "P.5"),
    (precision(k=30), "P.30"),
    (mrr(), "recip_rank"),
    (ndcg(k=3), "ndcg_cut.3"),
    (ndcg(k=10), "ndcg_cut.10"),
    (ndcg(), "ndcg"),
]


@pytest.mark.parametrize(("scorer", "measure"), SCORERS, ids=[name for _, name in SCORERS])
@pytest.mark.parametrize("ties", [True, False], ids=["ties", "distinct"])
def test_scores_equal_those_of_trec_eval(scorer, measure, ties) -> None:
    labels, rankings = collection(11, ties=ties)
    assert any(query not in rankings for query in labels)
    same(ours(scorer, labels, rankings), by_trec_eval(measure, labels, rankings))


def test_exponential_gain_equals_linear_gain_over_transformed_grades() -> None:
    labels, rankings = collection(12)
    powers = {
        query: {doc: 2**grade - 1 if grade > 0 else 0 for doc, grade in grades.items()}
        for query, grades in labels.items()
    }
    found = ours(ndcg(k=10, gain="exp"), labels, rankings)
    same(found, by_trec_eval("ndcg_cut.10", powers, rankings))


@pytest.mark.parametrize(
    ("scorer", "measure"),
    [
        (recall(k=5), ir_measures.R @ 5),
        (precision(k=5), ir_measures.P @ 5),
        (mrr(), ir_measures.RR),
        (mrr(k=3), ir_measures.RR @ 3),
        (ndcg(k=10), ir_measures.nDCG @ 10),
    ],
    ids=["R@5", "P@5", "RR", "RR@3", "nDCG@10"],
)
def test_scores_and_their_mean_equal_those_of_ir_measures(scorer, measure) -> None:
    labels, rankings = collection(13, ties=False)
    found = ours(scorer, labels, rankings)
    same(found, {m.query_id: m.value for m in ir_measures.iter_calc([measure], labels, rankings)})
    total = ir_measures.calc_aggregate([measure], labels, rankings)[measure]
    assert sum(found.values()) / len(found) == pytest.approx(total, abs=EXACT)


def test_a_list_of_ids_is_a_ranking_without_ties() -> None:
    labels, rankings = collection(14, ties=False)
    for query, ranking in rankings.items():
        ids = sorted(ranking, key=lambda doc: -ranking[doc])
        item = Item(query, {"text": query}, target=labels[query])
        expected = by_trec_eval("ndcg_cut.10", labels, rankings)[query]
        assert ndcg(k=10).score(Answer(ids), item) == pytest.approx(expected, abs=EXACT)
