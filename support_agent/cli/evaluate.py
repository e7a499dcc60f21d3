"""``support-agent eval``: run, score, compare, audit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from support_agent.cli.evaluation_tables import print_audit, print_comparison, print_scores
from support_agent.cli.loading import (
    AdapterOption,
    CalibrationOption,
    ConfigOption,
    GeneratorOption,
    IndexOption,
    JsonOption,
    ModelOption,
    OfflineOption,
    ProfileOption,
    load_agent,
)

if TYPE_CHECKING:
    from support_agent.agent import Agent
    from support_agent.evaluation.golden import GoldenSet
    from support_agent.evaluation.judging import AnswerJudge
    from support_agent.evidence.labels import About

eval_app = typer.Typer(no_args_is_help=True, help="Measure on golden tickets, compare two runs, audit for bias.")

SetArgument = Annotated[
    str, typer.Argument(metavar="SET", help="Golden set: a JSONL file, or an index that holds one.")
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        help='What people said of answers: rows of {"id", "right"}, or what `calibrate --labels` reads.',
    ),
]
AboutOption = Annotated[
    Literal["supported", "agrees"],
    typer.Option("--about", help="Which word of a reader counts, where --labels has both."),
]
RightF1Option = Annotated[
    float, typer.Option("--right-f1", min=0, max=1, help="Token-F1 from which an answer counts as right.")
]
PromiseOption = Annotated[float, typer.Option(min=0, max=1, help="Largest share of wrong answers you allow.")]
ReportOption = Annotated[Path | None, typer.Option("--report", metavar="OUT.html", help="Write a page as well.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Of every random draw.")]
_RIGHT_F1, _PROMISE, _SEED = 0.5, 0.10, 20260101


@eval_app.command()
def run(
    golden_set: SetArgument,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Where the result goes.", show_default="runs/<set>"),
    ] = None,
    report: ReportOption = None,
    labels: LabelsOption = None,
    about: AboutOption = "supported",
    right_f1: RightF1Option = _RIGHT_F1,
    promise: PromiseOption = _PROMISE,
    similarity: Annotated[
        bool, typer.Option("--similarity", help="Score cosines with the index's embedder too.")
    ] = False,
    seed: SeedOption = _SEED,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    profile: ProfileOption = None,
    index: IndexOption = None,
    generator: GeneratorOption = None,
    model: ModelOption = None,
    adapter: AdapterOption = None,
    calibration: CalibrationOption = None,
    offline: OfflineOption = None,
) -> None:
    """Ask every ticket of a golden set, score the replies, write a result folder."""
    from support_agent.evaluation import evaluate, find_golden, read_golden, score, write_result
    from support_agent.evaluation.golden import check_relevant
    from support_agent.evaluation.results import check_free, check_page, default_folder

    path = find_golden(golden_set)
    golden = read_golden(path)
    judge = _judge(golden, labels, about, right_f1)
    folder = output or default_folder(Path(golden_set).stem, golden)
    check_free(folder)
    check_page(report, folder)
    agent = _unwatched(load_agent(config, profile, index, generator, model, adapter, calibration, offline))
    passages = _passages(agent)
    check_relevant(golden, passages)
    with _bar(len(golden.tickets)) as on_done:
        outcomes = evaluate(agent, golden, passages, on_done)
    cosine = _cosine(agent) if similarity else None
    scores = score(golden, outcomes, judge, promise=promise, seed=seed, similarity=cosine)
    facts = _facts(golden_set, golden.sha256, agent.versions)
    write_result(folder, path.read_bytes(), outcomes, scores, facts)
    _finish(folder, report, as_json)


@eval_app.command("score")
def score_again(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Result folder of `eval run`.")],
    report: ReportOption = None,
    labels: LabelsOption = None,
    about: AboutOption = "supported",
    right_f1: RightF1Option = _RIGHT_F1,
    promise: PromiseOption = _PROMISE,
    seed: SeedOption = _SEED,
    as_json: JsonOption = False,
) -> None:
    """Score a result anew, with other labels or another threshold; no ticket is asked again."""
    from support_agent.evaluation import read_result, score, write_result
    from support_agent.evaluation.golden import GOLDEN_FILE
    from support_agent.evaluation.labels import check_labelled
    from support_agent.evaluation.results import check_page

    check_page(report, folder)
    result = read_result(folder)
    judge = _judge(result.golden, labels, about, right_f1)
    scores = score(result.golden, result.outcomes, judge, promise=promise, seed=seed)
    if labels:
        check_labelled(labels, judge.labels, scores["labelled"])
    facts = {key: value for key, value in result.manifest.items() if key not in ("files", "kind")}
    write_result(folder, (folder / GOLDEN_FILE).read_bytes(), result.outcomes, scores, facts)
    _finish(folder, report, as_json)


@eval_app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="BEFORE", help="Result folder.")],
    second: Annotated[Path, typer.Argument(metavar="AFTER", help="Result folder of the same golden set.")],
    slices: Annotated[
        list[str] | None,
        typer.Option("--slice", metavar="NAME", help="Fail only for this slice; may be given several times."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what got better and worse; ends with 1 when a slice is worse by more than chance explains."""
    from support_agent.evaluation import compare, read_result
    from support_agent.evaluation.compare import check_slices

    before, after = read_result(first), read_result(second)
    check_slices(before, slices or [])
    found = compare(before, after)
    worse, untold = found.worse_slices(slices or []), found.untold_slices(slices or [])
    if as_json:
        _print_json({**found.to_dict(), "worse": worse, "too_few_to_tell": untold})
    else:
        print_comparison(found, worse, untold)
    if worse:
        raise typer.Exit(1)


@eval_app.command()
def audit(
    golden_set: SetArgument,
    slice_name: Annotated[str, typer.Option("--slice", metavar="NAME", help="Only tickets with this tag.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many tickets, drawn at random.")] = None,
    report: ReportOption = None,
    seed: SeedOption = _SEED,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    profile: ProfileOption = None,
    index: IndexOption = None,
    generator: GeneratorOption = None,
    model: ModelOption = None,
    adapter: AdapterOption = None,
    calibration: CalibrationOption = None,
    offline: OfflineOption = None,
) -> None:
    """Ask the same tickets under other names, in other tones, dialects and languages, and with typing errors."""
    from support_agent.artefacts import write_bytes
    from support_agent.evaluation import audit, find_golden, read_golden
    from support_agent.evaluation.audit_report import write_audit_report
    from support_agent.evaluation.results import check_page

    check_page(report)
    golden = read_golden(find_golden(golden_set))
    agent = _unwatched(load_agent(config, profile, index, generator, model, adapter, calibration, offline))
    with _bar(None) as on_done:
        found = audit(agent, golden, slice_name=slice_name, limit=limit, seed=seed, on_done=on_done)
    _say_first(found.closed)
    if report:
        write_bytes(report, write_audit_report(found, agent.versions))
    if as_json:
        _print_json({**found.to_dict(), "versions": dict(agent.versions), **_UNWATCHED})
    else:
        print_audit(found)


# What a result says of itself: its tickets were no traffic.
_UNWATCHED = {"drift_watch": "off"}


def _unwatched(agent: Agent) -> Agent:
    """The agent, told to watch no drift: golden tickets are no traffic, and would withdraw the promise half-way."""
    agent.gate.unwatch()
    return agent


def _judge(golden: GoldenSet, labels: Path | None, about: About, right_f1: float) -> AnswerJudge:
    from support_agent.evaluation import AnswerJudge, read_labels
    from support_agent.evaluation.labels import check_labels

    if labels is None:
        return AnswerJudge(right_f1)
    read = read_labels(labels, about)
    _say_first(check_labels(labels, read, golden))
    return AnswerJudge(right_f1, read)


def _say_first(warning: str) -> None:
    """What must be known before the figures, on stderr."""
    if warning:
        typer.secho(warning, err=True, fg=typer.colors.RED)


def _passages(agent: Agent) -> Mapping[str, str]:
    return {passage.passage_id: passage.text for passage in agent.index.passages}


def _cosine(agent: Agent) -> Callable[..., list[float]]:
    """Pairs of texts → their cosines, by the embedder of the agent's index."""

    def cosine(pairs: list[tuple[str, str]]) -> list[float]:
        first, second = (agent.index.embedder.encode(list(side)) for side in zip(*pairs, strict=True))
        return [float(value) for value in (first * second).sum(axis=1)]

    return cosine


def _facts(name: str, sha256: str, versions: Mapping[str, str]) -> dict[str, Any]:
    from datetime import UTC, datetime

    made = datetime.now(UTC).isoformat(timespec="seconds")
    return {"set": Path(name).stem, "set_sha256": sha256, "versions": dict(versions), "made": made, **_UNWATCHED}


@contextmanager
def _bar(total: int | None) -> Iterator[Callable[..., None]]:
    """A progress bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("tickets", total=total)

        def draw(done: int, all_of: int | None = total) -> None:
            progress.update(task, completed=done, total=all_of)

        yield draw


def _finish(folder: Path, report: Path | None, as_json: bool) -> None:
    """The page, and the overall scores on stdout."""
    from support_agent.artefacts import write_bytes
    from support_agent.evaluation import read_result
    from support_agent.evaluation.closed import closed_gate
    from support_agent.evaluation.report import write_report

    result = read_result(folder)
    _say_first(closed := closed_gate(result.outcomes))
    if report:
        write_bytes(report, write_report(result))
    if as_json:
        shown = ("overall", "slices", "routes", "judge", "bootstrap", "labelled", "latency_ms", "words", "tokens")
        told = {"gate_closed": closed} if closed else {}
        _print_json({**told, "folder": str(folder), **{key: result.scores[key] for key in shown}})
    else:
        print_scores(result.scores)
    if given := result.scores["judge"]["verdicts"]:
        typer.echo(
            f"Of {given:,} labels {result.scores['labelled']:,} are of texts that were or would be sent.", err=True
        )
    typer.echo(f"Written: {folder}{f', {report}' if report else ''}", err=True)


def _print_json(value: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))
