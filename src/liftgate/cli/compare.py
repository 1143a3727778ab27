"""``liftgate compare``: better, worse, or can't tell, from two logs or tables of another tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from liftgate.cli.compare_files import check_files, export_to, write_export, write_files
from liftgate.cli.compare_values import by_metric, margin, number, ratios, value_range
from liftgate.cli.result import print_json, print_line, prints, until_stopped
from liftgate.errors import DataError
from liftgate.records import Columns, Comparison, Comparisons, Question, Want


@click.command()
@click.argument("baseline")
@click.argument("candidate")
@click.option("--item", metavar="COLUMN", help="Column that names the item.")
@click.option(
    "--metric", "metrics", metavar="COLUMN", multiple=True, help="Column of scores; repeatable."
)
@click.option("--system", metavar="COLUMN", help="Column that names the system (for FILE@SYSTEM).")
@click.option("--repeat", metavar="COLUMN", help="Column that counts the repeats of an item.")
@click.option("--cluster", metavar="COLUMN", help="Items that share its value are not independent.")
@click.option(
    "--slice", "slices", metavar="COLUMN", multiple=True, help="Show each value apart; repeatable."
)
@click.option("--error", metavar="COLUMN", help="A value in it is a failure of the system.")
@click.option(
    "--lower-is-better",
    "lower",
    metavar="METRIC",
    multiple=True,
    help="A metric of which less is better; repeatable.",
)
@click.option(
    "--margin",
    "margins",
    metavar="[METRIC=]0.02|2%",
    multiple=True,
    help="How much worse still counts as not worse: in the score's units, or in % of the "
    "baseline's mean.",
)
@click.option(
    "--failure-score",
    "failure_scores",
    metavar="[METRIC=]X",
    multiple=True,
    help="What a failure scores. Default: the worst of the range.",
)
@click.option(
    "--range",
    "ranges",
    metavar="[METRIC=]LOW:HIGH",
    multiple=True,
    help="The values that a score can take. Default: 0 to 1 when all scores are.",
)
@click.option(
    "--require",
    type=click.Choice([want.value for want in Want]),
    help="Exit 0 when it is shown for every metric, 1 when harm is shown, 4 otherwise.",
)
@click.option(
    "--alpha",
    metavar="X",
    type=click.FloatRange(0, 0.5, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="One-sided error rate of each verdict.",
)
@click.option(
    "--against-each",
    "others",
    metavar="CANDIDATE",
    multiple=True,
    help="Compare the baseline with this candidate too; repeatable. What is required is corrected "
    "over the candidates.",
)
@click.option(
    "--pass-at",
    type=click.IntRange(min=1),
    metavar="K",
    help="Compare pass@K and pass^K of every right-or-wrong metric as well, over the repeats of "
    "an item.",
)
@click.option(
    "--trace-rules",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Score what the agents of two inspect_ai logs did, too: metric: {scorer: trace_rules, …}.",
)
@click.option(
    "--ratio",
    "ratios",
    metavar="NAME=ABOVE/BELOW",
    multiple=True,
    help="Show the ratio of two metrics' sums as well, e.g. steps_per_success=steps/success; "
    "repeatable.",
)
@prints("exit_code", "sentence", "metrics?", "comparisons?", "link?", "…")
@click.option("--html", type=click.Path(path_type=Path), help="Write a page to this file as well.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw the differences as well: .svg, .png or .html. Further pictures are FILE-2, FILE-3.",
)
@click.option(
    "--junit",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write JUnit XML to this file as well, one test for each metric.",
)
@click.option(
    "--summary",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Append Markdown to this file as well, e.g. to $GITHUB_STEP_SUMMARY.",
)
@click.option(
    "--export",
    metavar="FORMAT=FOLDER",
    help="Write each side's means, intervals and samples, texts included, in another tool's format "
    "as well: every_eval_ever.",
)
@click.option(
    "--save-study",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a study to fill in, with these tables as its pilot.",
)
@click.option("--ui", is_flag=True, help="Open both side by side in the browser; Ctrl-C stops.")
@click.option(
    "--port",
    default=0,
    metavar="N",
    type=click.IntRange(0, 65535),
    help="Where --ui listens. Default: a free one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where --ui listens.")
@click.option("--off-loopback", is_flag=True, help="Let other machines in, by a link.")
def compare(
    baseline: str,
    candidate: str,
    others: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> int:
    """Better, worse, or can't tell: two logs or tables of scores, paired item by item.

    BASELINE and CANDIDATE are each FILE, FOLDER (with one table or one run in it) or FILE@SYSTEM
    (the rows of one system). A FILE is a log of inspect_ai (.eval, .json), lm-eval, promptfoo or
    Every Eval Ever (.json, .jsonl), told apart by content, JUnit XML (.xml), or a table (.csv,
    .tsv, .jsonl, .ndjson or .parquet). What a file was recognised as and which columns were guessed
    is printed.

    Without --require any valid answer is a 0.

    Exit codes: 0 answered, or what is required is shown, 1 harm is shown, 2 wrong use or a bad
    file, 4 neither is shown.
    """
    from liftgate.flow.compare import compare_each

    question = question_from(options)
    if options["ui"]:
        _refuse_beside_ui(others, options)
        return _look(baseline, candidate, question, options, as_json=as_json)
    files = {name: options[name] for name in ("html", "picture", "junit", "summary", "save_study")}
    html, save_study, picture = files["html"], files["save_study"], files["picture"]
    check_files(files)
    export = export_to(options["export"])
    if others and {html, save_study, picture, export} != {None}:
        raise DataError(
            "--html, --picture, --export and --save-study are for one candidate, got "
            "--against-each",
            hint="leave --against-each out, or take --json, --junit or --summary",
        )
    if export is not None:
        found, paths = write_export(baseline, candidate, question, *export)
    else:
        found, paths = compare_each(baseline, [candidate, *others], question), []
    written = write_files(found, files) + paths
    if others:
        _print_each(found, written, as_json=as_json)
        return found.exit_code
    _print(found.comparisons[0], written, as_json=as_json)
    return found.comparisons[0].exit_code


def _refuse_beside_ui(others: Sequence[str], options: Mapping[str, Any]) -> None:
    files = ("html", "picture", "junit", "summary", "save_study", "export")
    given = [name for name in files if options[name]]
    given += ["against_each"] if others else []
    if given:
        named = ", ".join("--" + name.replace("_", "-") for name in given)
        raise DataError(f"--ui: shows one comparison and writes no file, got {named}")


def _look(
    baseline: str,
    candidate: str,
    question: Question,
    options: Mapping[str, Any],
    *,
    as_json: bool,
) -> int:
    import secrets

    from liftgate.flow.side_by_side import open_side_by_side
    from liftgate.web.compare_app import make_compare_app
    from liftgate.web.serve import Address, serve_app

    token = secrets.token_urlsafe(24) if options["off_loopback"] else None

    def ready(origin: str) -> None:
        link = f"{origin}/enter/{token}" if token else f"{origin}/"
        if as_json:
            print_line({"link": link})
        else:
            click.echo(f"{link}\nServing; Ctrl-C stops.")

    look = open_side_by_side(baseline, candidate, question)
    place = Address(options["host"], options["port"], options["off_loopback"])
    with until_stopped():
        serve_app(lambda hosts: make_compare_app(look, hosts=hosts, token=token), place, ready)
    return 0


def _print(comparison: Comparison, written: Sequence[Path], *, as_json: bool) -> None:
    if as_json:
        from liftgate.canon import plain

        print_json(plain(comparison))
    else:
        from liftgate.cli.compare_text import show as show_text

        show_text(comparison, written=written)


def _print_each(found: Comparisons, written: Sequence[Path], *, as_json: bool) -> None:
    if as_json:
        from liftgate.canon import plain

        print_json(plain(found))
    else:
        from liftgate.cli.compare_text import show_each

        show_each(found, written=written)


def question_from(options: dict[str, Any]) -> Question:
    """Turn the options into the question.

    Raises:
        DataError: an option that cannot be read; ``--require not-worse`` without a margin.
    """
    metrics = tuple(dict.fromkeys(options["metrics"]))
    question = Question(
        columns=Columns(
            item=options["item"],
            metrics=metrics,
            system=options["system"],
            repeat=options["repeat"],
            cluster=options["cluster"],
            slices=tuple(dict.fromkeys(options["slices"])),
            error=options["error"],
        ),
        lower_is_better=tuple(dict.fromkeys(options["lower"])),
        margins=by_metric("--margin", options["margins"], margin),
        failure_scores=by_metric("--failure-score", options["failure_scores"], number),
        ranges=by_metric("--range", options["ranges"], value_range),
        require=Want(options["require"]) if options["require"] else None,
        alpha=options["alpha"],
        trace_rules=str(options["trace_rules"] or ""),
        pass_at=options["pass_at"],
        ratios=ratios(options["ratios"]),
    )
    if question.require is Want.NOT_WORSE and not question.margins:
        raise DataError(
            "--require not-worse needs a margin: no number of items shows that nothing at all "
            "was lost",
            hint="say how much worse would still do: --margin 0.02 (in the score's units) or "
            "--margin 2% (of the baseline)",
        )
    return question
