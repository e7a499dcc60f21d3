"""``support-agent learn``, ``certify`` and ``renew``: from what people said of answers to answers that may be sent."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from support_agent.cli.agent_options import AgentOptions, JsonOption, with_agent_options
from support_agent.cli.printing import print_json
from support_agent.wording import counted

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.evidence.asking import OnAsked
    from support_agent.evidence.certifying import Certified
    from support_agent.evidence.opening import InForce
    from support_agent.evidence.standing import Standing
    from support_agent.models import OnProgress

SOME_ROWS = 3
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="ROLE=COLUMN", help="Column that holds the text, subject or id; may be repeated."),
]
ToReadOption = Annotated[
    Path | None,
    typer.Option("--to-read", "-o", metavar="READ.csv", help="Write what to read next there.", show_default=False),
]


@with_agent_options(without=["calibration"])
def learn(
    file: Annotated[Path, typer.Argument(metavar="READ.csv", help="What batch or certify wrote, with verdicts.")],
    mapping: MapOption = None,
    reader: Annotated[str, typer.Option(help="Who read, where no column reader says it.")] = "",
    kind: Annotated[Literal["person", "model"], typer.Option(help="What kind of reader.")] = "person",
    options: AgentOptions = AgentOptions(),
    as_json: JsonOption = False,
) -> None:
    """Keep what people said of answers, and say where the promise stands.

    Fill in a column verdict (right, wrong or partly; r, w or p) and, if you like, correct_answer, why and reader. Leave
    all rows in the file: what nobody has read counts as such. The exit code is 3 if a row could not be used; each is
    named.
    """
    from support_agent.evidence import learning

    settings = options.settings()
    done = learning.learn(file, config=settings, mapping=_roles(mapping), reader=reader, kind=kind)
    for sentence in (*done.problems, *done.notes):
        typer.secho(sentence, err=True, fg=typer.colors.YELLOW)
    known = f", {done.known:,} known before" if done.known else ""
    new = counted(done.labels, "new label")
    typer.echo(f"{file}: {counted(done.tickets, 'ticket')}, {new}{known}", err=as_json)
    if as_json:
        facts = {name: value for name, value in vars(done).items() if name != "standing"}
        print_json({**facts, "standing": _plain(done.standing)})
    elif done.standing:
        typer.echo(done.standing.in_words())
        proven = "Put it in force" if done.standing.look else "What to read next"
        typer.echo(f"{proven}: {settings.command('certify')}", err=True)
    else:
        typer.echo("Too few tickets are known to plan a promise on; let more come in.")
    if done.problems:
        raise typer.Exit(SOME_ROWS)


@with_agent_options(without=["calibration"])
def certify(
    tickets: Annotated[
        Path | None,
        typer.Option("--tickets", "-t", metavar="PAST.csv", help="Past tickets to plan on; nothing is sent."),
    ] = None,
    mapping: MapOption = None,
    max_error: Annotated[
        float | None,
        typer.Option(min=0.001, max=0.99, help="Largest share of answers that may be wrong.", show_default="0.10"),
    ] = None,
    delta: Annotated[
        float | None,
        typer.Option(min=0.0001, max=0.5, help="Largest chance that the promise is broken.", show_default="0.05"),
    ] = None,
    to_read: ToReadOption = None,
    anew: Annotated[bool, typer.Option("--anew", help="Begin a new plan, on new tickets alone.")] = False,
    options: AgentOptions = AgentOptions(),
    as_json: JsonOption = False,
) -> None:
    """Test what the labels prove, put in force what holds, and say what to read next.

    With --tickets past ones are asked first, so that a promise can be proven before the agent goes live. That nothing
    is proven yet is an ordinary outcome: everything stays a suggestion.
    """
    from support_agent.evidence import certifying

    settings = options.settings()
    if tickets:
        promise = certifying.asked_promise(settings, max_error, delta)
        typer.echo(
            f"For {promise}, {promise.looks[0]:,} answers are to be read at least, and {promise.looks[1]:,} where the "
            "first test fails. Each ticket is asked once.",
            err=True,
        )
    target = to_read or (_beside(tickets) if tickets else None)
    with _progress() as (on_progress, on_asked):
        done = certifying.certify(
            config=settings,
            max_error=max_error,
            delta=delta,
            tickets=tickets,
            mapping=_roles(mapping),
            to_read=target,
            anew=anew,
            on_progress=on_progress,
            on_asked=on_asked,
        )
    _say(done, settings, as_json)


@with_agent_options(without=["calibration"])
def renew(to_read: ToReadOption = None, options: AgentOptions = AgentOptions(), as_json: JsonOption = False) -> None:
    """Ask the read tickets again after a change of index, adapter, prompt or code, and state the promise as it stands.

    Answers that come out the same keep their labels; those that changed count as wrong until somebody reads them, and
    so do those of tickets that now score as high as what is proven and that nobody has read. --to-read writes both.
    """
    renew_promise(options.settings(), to_read, as_json)


def renew_promise(settings: Config, to_read: Path | None = None, as_json: bool = False) -> None:
    """Renew what was promised with these settings, and say how it stands."""
    from support_agent.evidence import certifying

    with _progress() as (on_progress, on_asked):
        done = certifying.renew(config=settings, to_read=to_read, on_progress=on_progress, on_asked=on_asked)
    typer.echo(
        f"{counted(done.certified.asked, 'ticket')} asked again; of {counted(done.labelled, 'labelled answer')} "
        f"{done.kept:,} came out the same",
        err=as_json,
    )
    _say(done.certified, settings, as_json)


def _say(done: Certified, settings: Config, as_json: bool) -> None:
    if as_json:
        told = {"in_force": _in_force(done.in_force), "written": done.written and str(done.written)}
        print_json({"standing": _plain(done.standing), **told})
    else:
        typer.echo(done.standing.in_words())
        typer.echo(done.in_force.in_words())
    waiting = counted(len(done.standing.to_read), "answer")
    if done.written:
        learn = settings.command(f"learn {shlex.quote(str(done.written))}")
        typer.echo(f"{waiting} to read: {done.written}. Fill in verdict there, then: {learn}", err=True)
    elif done.standing.to_read:
        typer.echo(f"{waiting} to read next; this writes them: {settings.command('certify --to-read FILE')}", err=True)
    else:
        typer.echo("Nothing is to be read now.", err=True)


def _in_force(found: InForce) -> dict[str, Any]:
    """What is in force, for machines; each but the words is null where nothing is."""
    made = found.calibration
    facts = {"since": made.made, "score": made.threshold, "share": made.coverage} if made else {}
    return {"since": None, "score": None, "share": None, **facts, "words": found.in_words()}


def _plain(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    facts = asdict(standing)
    return {**facts, "to_read": [one.known.ticket.ticket_id for one in standing.to_read], "words": standing.in_words()}


def _roles(mapping: list[str] | None) -> dict[str, str]:
    from support_agent.batch import parse_mapping

    try:
        return parse_mapping(mapping or [])
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--map") from problem


def _beside(tickets: Path) -> Path:
    """The first free name beside the tickets: nobody's verdicts are written over."""
    names = (f"{tickets.stem}.to-read{number}.csv" for number in ("", *(f"-{count}" for count in range(2, 1000))))
    return next(place for name in names if not (place := tickets.with_name(name)).exists())


@contextmanager
def _progress() -> Iterator[tuple[OnProgress, OnAsked]]:
    """Downloads, and how many tickets are asked, shown on stderr."""
    from support_agent.cli.progress import counted_progress, download_progress

    with download_progress() as on_progress, counted_progress("tickets", line_every_s=60) as asked:
        yield on_progress, asked.show
