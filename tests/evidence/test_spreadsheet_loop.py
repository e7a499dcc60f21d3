"""The whole loop as its owner goes through it, with nothing but spreadsheets and the command line's jobs."""

from pathlib import Path

from support_agent import Agent, Reply, Route
from support_agent.config import Config
from support_agent.evidence.certifying import certify, renew
from support_agent.evidence.learning import learn
from support_agent.evidence.ledger import watch_in_force
from support_agent.jobs import add_to_index

from .shop import (
    LOOSE,
    QUESTIONS,
    answer_batch,
    fill_in,
    read_csv,
    write_csv,
    write_rows,
    write_tickets,
)


def ask(settings: Config) -> list[Reply]:
    return list(Agent.load(settings).ask_many(QUESTIONS))


def reasons(replies: list[Reply]) -> set[str]:
    return {reply.reasons[0] for reply in replies if reply.reasons}


def test_from_past_tickets_to_sent_answers_and_over_a_change_of_the_index(shop: Config) -> None:
    past, read = write_tickets(Path("past.csv")), Path("read.csv")

    done = certify(config=shop, tickets=past, max_error=LOOSE, to_read=read)
    assert reasons(ask(shop)) == {"not_proven_yet"}
    assert done.standing.in_words().startswith("Not proven yet: at most 50 % of the answers wrong")

    learned = learn(fill_in(read), config=shop)
    assert (learned.labels, learned.problems, learned.notes) == (len(read_csv(read)), (), ())

    assert certify(config=shop).standing.in_words().startswith("Proven: at most 50 % of the answers wrong")
    sent = {reply.ticket_id: reply.text for reply in ask(shop) if reply.route is Route.ANSWER}
    assert sent

    add_to_index(
        "shop", [write_rows(Path("more.jsonl"), [{"question": "Is there a fax?", "answer": "There is none."}])]
    )
    assert reasons(ask(shop)) == {"renewal_due"}

    again = renew(config=shop)
    assert (again.labelled, again.kept) == (len(read_csv(read)), len(read_csv(read)))
    now = {reply.ticket_id: reply.text for reply in ask(shop) if reply.route is Route.ANSWER}
    both = now.keys() & sent.keys()
    assert both
    assert {name: now[name] for name in both} == {name: sent[name] for name in both}


def test_live_tickets_take_the_place_of_past_ones(shop: Config) -> None:
    answered = answer_batch(shop, Path("monday.csv"))
    assert {row["sa_route"] for row in read_csv(answered)} == {"human"}
    assert all(row["sa_suggestion"] for row in read_csv(answered))

    learn(answered, config=shop)
    done = certify(config=shop, max_error=LOOSE)
    waiting = {one.known.ticket.ticket_id for one in done.standing.to_read}
    rows = [{**row, "verdict": "r" if row["id"] in waiting else ""} for row in read_csv(answered)]
    learn(write_csv(answered, rows), config=shop)

    assert certify(config=shop).calibration is not None
    assert {row["sa_route"] for row in read_csv(answer_batch(shop, Path("tuesday.csv")))} == {"answer", "human"}


def test_what_is_sent_is_read_on_and_the_watch_tells_what_it_has_seen(certified: Config) -> None:
    sent = answer_batch(certified, Path("sent.csv"))
    rows = [row for row in read_csv(sent) if row["sa_route"] == "answer" and float(row["sa_sample"]) < 0.1]
    learn(write_csv(sent, [{**row, "verdict": "right", "reader": "Ann"} for row in rows]), config=certified)
    watch = watch_in_force(certified)
    assert watch is not None
    assert watch.in_words() == (
        f"Nothing speaks against the promise (60 different tickets seen, {len(rows)} sent answers read); read 10% of "
        "the answers that are sent."
    )
