"""The words of a comparison: from verdicts to the sentences that answer the question."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import PurePath

from liftgate.canon import plain
from liftgate.documents.numbers import EstimateText, count, named, p_value, significant, unit_of
from liftgate.figures import Unit
from liftgate.records import (
    CandidateAnswer,
    Comparison,
    Comparisons,
    Estimate,
    Margin,
    MetricComparison,
    Needed,
    Question,
    Reading,
    Verdict,
    Want,
)

ALL = "*"


def written(comparison: Comparison) -> Comparison:
    """Return the comparison with its sentences and its next commands filled in."""
    metrics = tuple(replace(m, sentence=metric_sentence(m)) for m in comparison.metrics)
    full = replace(comparison, metrics=metrics)
    return replace(full, sentence=sentence(full), next=next_commands(full))


def all_written(found: Comparisons) -> Comparisons:
    """Return several comparisons with the sentence that answers for all of them."""
    return replace(found, sentence=_sentence_of_all(found))


def _sentence_of_all(found: Comparisons) -> str:
    many = len(found.comparisons)
    each = f"{many} candidates" if many > 1 else "1 candidate"
    if not found.answers:
        return f"{each} compared with {found.comparisons[0].baseline.name}"
    want = found.comparisons[0].question.require
    asked = "" if want is None else want.value.replace("-", " ")
    met = [answer.candidate for answer in found.answers if answer.met]
    if met:
        return f"Required {asked}: met by {len(met)} of {each} ({', '.join(met)})"
    harmed = sum(1 for answer in found.answers if answer.harmed)
    return f"Required {asked}: met by none of {each}; harm shown for {harmed}"


def answer_lines(found: Comparisons) -> tuple[str, ...]:
    """Return one line for each candidate, and what was corrected for."""
    if not found.answers:
        lines = [f"{c.candidate.name}: {c.sentence}" for c in found.comparisons]
        note = "Each verdict stands for itself, uncorrected for the number of candidates."
        return (*lines, note) if len(lines) > 1 else tuple(lines)
    lines = [_answer_line(answer) for answer in found.answers]
    if len(lines) > 1:
        lines.append(
            f"What is required is corrected over the {len(lines)} candidates (Holm); the verdicts "
            "below stand for themselves."
        )
    return tuple(lines)


def _answer_line(answer: CandidateAnswer) -> str:
    said = "met" if answer.met else "not shown"
    if answer.harmed:
        said = f"harm shown on {', '.join(answer.harmed)}"
    p, corrected = _number(answer.p_value), _number(answer.adjusted)
    return f"{answer.candidate}: {said} (p {p}; corrected, p {corrected})"


def _number(p: float) -> str:
    text = p_value(p)
    return text if text[:1] in "<>" else f"= {text}"


COLUMNS = ("metric", "baseline", "candidate", "difference", "95 % interval", "items", "verdict")


def cells(metric: MetricComparison) -> tuple[str, ...]:
    """Return a metric's row of the table of answers, under ``COLUMNS``."""
    shown = unit(metric)
    name = f"{metric.metric} ({shown.name})" if shown.name else metric.metric
    said = word(metric.verdict, metric.margin, shown)
    found = metric.verdict.descriptive
    if found is None:
        means = _mean(metric.baseline, shown), _mean(metric.candidate, shown)
        return (name, *means, "", "", count(metric.pairing.paired), said)
    text = EstimateText(plain(found), shown)
    sides = (
        "" if side is None else text.number(side.value, signed=False)
        for side in (metric.baseline, metric.candidate)
    )
    size = count(found.n)
    if found.clusters != found.n:
        size = f"{size} in {count(found.clusters)}"
    return (name, *sides, text.value, text.limits, size, said)


def _mean(estimate: Estimate | None, shown: Unit) -> str:
    return "" if estimate is None else EstimateText(plain(estimate), shown, signed=False).value


def unit(metric: MetricComparison) -> Unit:
    """Return how a metric's numbers are shown: points (hundredths) for scores from 0 to 1."""
    return unit_of(metric.metric, plain(metric.scale))


def amount(value: float, shown: Unit) -> str:
    """Return a size in a metric's unit."""
    return named(significant(abs(value) * shown.factor, 3), shown)


def margin_words(margin: Margin, shown: Unit) -> str:
    """Return a margin for people: ``2 points``, or ``2 % of the baseline``."""
    if margin.relative:
        return f"{significant(margin.value * 100)} % of the baseline"
    return amount(margin.value, shown)


def word(verdict: Verdict, margin: Margin | None, shown: Unit) -> str:
    """Return the verdict in a few words, such as ``better`` or ``can't tell``."""
    limits = verdict.estimate
    if verdict.reading is Reading.INADMISSIBLE or limits is None:
        return "can't tell"
    if margin is None:
        return _PLAIN.get(verdict.reading, "can't tell")
    size = margin_words(margin, shown)
    points = None if margin.relative else margin.value
    high = limits.high
    if verdict.reading is Reading.SUPERIOR:
        small = points is not None and high is not None and high < points
        return f"better, by less than {size}" if small else "better"
    if verdict.reading is Reading.INFERIOR:
        beyond = points is None or (high is not None and high < -points)
        return f"worse by more than {size}" if beyond else "worse, by how much is open"
    if verdict.reading is Reading.INCONCLUSIVE:
        return f"can't tell whether it is worse by {size} or more"
    same = f"no difference of {size} or more"
    said = same if verdict.reading is Reading.EQUIVALENT else f"not worse by {size} or more"
    return f"{said}, but worse" if points is not None and high is not None and high < 0 else said


_PLAIN = {Reading.SUPERIOR: "better", Reading.INFERIOR: "worse"}


def tells(metric: MetricComparison) -> bool:
    """Say whether the verdict answers the question."""
    return metric.verdict.reading not in {Reading.INCONCLUSIVE, Reading.INADMISSIBLE}


def metric_sentence(metric: MetricComparison) -> str:
    """Return the answer for one metric with its difference, interval and number of items."""
    verdict, shown = metric.verdict, unit(metric)
    said = f"{metric.metric}: {word(verdict, metric.margin, shown)}"
    if verdict.descriptive is None:
        return f"{said}; {verdict.reason}"
    text = EstimateText(plain(verdict.descriptive), shown)
    return f"{said}; difference {text.text}, {text.size}{_left_out(metric)}"


def _left_out(metric: MetricComparison) -> str:
    if metric.worst_case is None:
        return ""
    lost = metric.pairing.missing_baseline, metric.pairing.missing_candidate
    return f"; without the items that lack a score ({lost[0]} baseline, {lost[1]} candidate)"


def sentence(comparison: Comparison) -> str:
    """Return the answer in one sentence: of the only metric, or the metrics by verdict."""
    asked = _required(comparison)
    if len(comparison.metrics) == 1:
        return f"{asked}{comparison.metrics[0].sentence}"
    groups: dict[str, list[str]] = {}
    for metric in sorted(comparison.metrics, key=_weight):
        said = word(metric.verdict, metric.margin, unit(metric))
        groups.setdefault(said, []).append(metric.metric)
    listed = "; ".join(f"{said} on {', '.join(names)}" for said, names in groups.items())
    return f"{asked}candidate: {listed}"


def _weight(metric: MetricComparison) -> int:
    """Bad news first, open questions last."""
    order = (Reading.INFERIOR, Reading.SUPERIOR, Reading.EQUIVALENT, Reading.NON_INFERIOR)
    reading = metric.verdict.reading
    return order.index(reading) if reading in order else len(order)


def _required(comparison: Comparison) -> str:
    asked = comparison.requirement
    if asked is None:
        return ""
    want = asked.want.value.replace("-", " ")
    if asked.met:
        return f"Required {want}: met. "
    if asked.harmed:
        return f"Required {want}: harm shown on {', '.join(asked.harmed)}. "
    return f"Required {want}: not shown. "


def requirement_words(metric: MetricComparison, want: Want) -> str:
    """Return what became of one metric's requirement, both sides of the comparison in words."""
    verdict = metric.requirement
    if verdict is None:
        return ""
    said = "shown" if verdict.rejected else "not shown"
    return f"required, {want.value.replace('-', ' ')}: {said}; {verdict.reason}"


def needed_words(needed: Needed) -> str:
    """Return how many items would tell."""
    if needed.items is None:
        return f"no reachable number of items would show {needed.question}"
    return f"about {rough(needed.items)} items in all would show {needed.question}"


def rough(items: int) -> str:
    """Return a planned number of items rounded up to two digits: it is no more exact than that."""
    step = 10 ** max(len(str(items)) - 2, 0)
    return count(-(-items // step) * step)


def items_to_add(comparison: Comparison) -> int | None:
    """Return how many more items would answer every open question, where a number is known."""
    missing = [
        needed.items - metric.verdict.estimate.n
        for metric in comparison.metrics
        if metric.verdict.estimate is not None
        for needed in metric.needed
        if needed.items is not None
    ]
    more = max(missing, default=0)
    return more if more > 0 else None


def next_commands(comparison: Comparison) -> tuple[str, ...]:
    """Return the commands to type next: once there are more items, and to plan it as a study."""
    name = _file_name(comparison.candidate.path)
    plan = command(comparison, "--save-study", f"{name}-study.yaml")
    if all(tells(metric) for metric in comparison.metrics):
        return (plan,)
    return (command(comparison), plan)


def _file_name(path: str) -> str:
    stem = PurePath(path).stem
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in stem) or "my"


def command(comparison: Comparison, *more: str) -> str:
    """Return the command that asks the same question again, ready for a shell."""
    words = ["liftgate", "compare", comparison.baseline.name, comparison.candidate.name]
    return shlex.join([*words, *_options(comparison.question), *more])


def _options(question: Question) -> list[str]:
    columns = question.columns
    single = {
        "--item": columns.item,
        "--system": columns.system,
        "--repeat": columns.repeat,
        "--cluster": columns.cluster,
        "--error": columns.error,
    }
    pairs = [(option, value) for option, value in single.items() if value is not None]
    pairs += [("--metric", metric) for metric in columns.metrics]
    pairs += [("--slice", name) for name in columns.slices]
    pairs += [("--lower-is-better", metric) for metric in question.lower_is_better]
    pairs += [("--trace-rules", question.trace_rules)] if question.trace_rules else []
    pairs += [("--pass-at", str(question.pass_at))] if question.pass_at else []
    pairs += [("--ratio", f"{n}={above}/{below}") for n, (above, below) in question.ratios.items()]
    pairs += [("--margin", _keyed(m, margin.text)) for m, margin in question.margins.items()]
    pairs += [("--range", _keyed(m, f"{a:g}:{b:g}")) for m, (a, b) in question.ranges.items()]
    pairs += [("--failure-score", _keyed(m, f"{x:g}")) for m, x in question.failure_scores.items()]
    if question.require is not None:
        pairs.append(("--require", question.require.value))
    if question.alpha != Question().alpha:
        pairs.append(("--alpha", f"{question.alpha:g}"))
    return [text for pair in pairs for text in pair]


def _keyed(metric: str, value: str) -> str:
    return value if metric == ALL else f"{metric}={value}"
