"""What a message does when it asks nothing: its tables by language, and what the turns before make of a bare word."""

import tomllib
from pathlib import Path

import pytest

from support_agent.config import Config
from support_agent.records import COURTESIES, Reason, Route, Ticket, Turn
from support_agent.triage import conversation, triage_ticket
from support_agent.triage.conversation import ACTS, conversation_act, is_only_an_act
from support_agent.triage.follow_up import may_be_told_again, search_text, told_before
from support_agent.triage.patterns import Entry, read_table

ENTRIES = {
    f"{file.stem}:{entry.signal}:{number}": entry
    for file in sorted(ACTS.glob("*.toml"))
    for number, entry in enumerate(read_table(file))
}
MESSAGES = tomllib.loads((Path(__file__).parent / "acts.toml").read_text("utf-8"))
ASKED = (Turn("How do I reset my password?", "Open the settings."),)
LANGUAGES = "ar de en es fr hi it ja nl pt ru zh".split()


@pytest.mark.parametrize("name", ENTRIES)
def test_a_message_of_the_piece_is_an_act_that_holds_it(name: str) -> None:
    entry, language = ENTRIES[name], name.split(":")[0]
    found = {message: conversation._acts_by_language(message) for message in entry.matches}
    said = {m: acts.get(language, next(iter(acts.values()), ())) for m, acts in found.items()}
    assert entry.matches
    assert [message for message, acts in said.items() if entry.signal not in acts] == []


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_near_miss_is_no_act(entry: Entry) -> None:
    assert entry.near_misses
    assert [message for message in entry.near_misses if is_only_an_act(message)] == []


def test_every_language_with_texts_says_every_act() -> None:
    acts = {"greeting", "farewell", "thanks", "solved", "not_solved", "still_broken", "ok", "yes", "no", "asked_if_bot"}
    said = {code: {entry.signal for entry in read_table(ACTS / f"{code}.toml")} for code in LANGUAGES}
    assert {code: acts - found for code, found in said.items() if acts - found} == {}


def acts_of(part: str) -> list[tuple[str, str]]:
    return [(act, message) for act, messages in MESSAGES[part].items() for message in messages]


def reason_of(act: str, message: str) -> Reason | None:
    found = conversation_act(message, () if act == "greeting" else ASKED)
    return found.reason if found else None


def test_the_messages_that_the_patterns_were_written_for_are_all_found() -> None:
    assert [(act, said) for act, said in acts_of("seen") if reason_of(act, said) != act] == []


def test_of_messages_never_looked_at_two_thirds_are_found_and_none_as_its_opposite() -> None:
    found = [(act, reason_of(act, said)) for act, said in acts_of("unseen")]
    assert sum(reason == act for act, reason in found) / len(found) >= 2 / 3
    assert [pair for pair in found if pair[1] is Reason.NOT_SOLVED and pair[0] != "not_solved"] == []
    assert [pair for pair in found if pair[0] == "not_solved" and pair[1] in COURTESIES] == []


@pytest.mark.parametrize(
    "text",
    [
        "thanks, that worked! but how do I delete it?",
        "Hi, how much is the Pro plan?",
        "ok and what about version 2?",
        "Are you a bot? How do I reset my password?",
        "bye the way, is there a limit?",
        "I already tried that with Firefox and get error 7",
        "Thank you for the invoice, it is wrong.",
        "no, I meant the admin password",
        "it works on Linux only?",
        "Hello world example",
        "good",
        "thanks for nothing",
    ],
)
def test_who_says_more_is_not_waved_off(text: str) -> None:
    act = conversation_act(text)
    assert act is None or text == "good"


@pytest.mark.parametrize(
    ("text", "history", "reason"),
    [
        ("ok", (), Reason.GREETING),
        ("ok", ASKED, Reason.ACKNOWLEDGED),
        ("no", ASKED, Reason.NOT_SOLVED),
        ("no", (*ASKED, Turn("thanks", "You're welcome!")), Reason.ACKNOWLEDGED),
        ("no", (), None),
        ("yes", (Turn("are you a bot?", "Yes. A person?"),), Reason.ASKED_FOR_HUMAN),
        ("yes please", ASKED, Reason.ACKNOWLEDGED),
        ("yes", (Turn("the key?", "Is it one of these?", Route.CLARIFY),), None),
        ("it doesn't work", (), None),
        ("it doesn't work", ASKED, Reason.NOT_SOLVED),
        ("bye", (Turn("I want to kill myself", "Please call …", Route.HUMAN),), Reason.DANGER_SELF_HARM),
    ],
)
def test_what_stood_before_says_what_a_word_means(text: str, history: tuple[Turn, ...], reason: Reason | None) -> None:
    act = conversation_act(text, history)
    assert (act.reason if act else None) == reason


@pytest.mark.parametrize(
    ("text", "history", "served", "language"),
    [
        ("danke", (), ("en",), "de"),
        ("ok", (Turn("Wie setze ich mein Passwort zurück?", "So."),), ("en", "de"), "de"),
        ("ok", (), ("fr",), "fr"),
        ("👍", ASKED, ("ja",), "en"),
        ("Hallo", (), ("nl",), "nl"),
    ],
    ids=["its own", "the conversation's", "the served one", "the conversation's for a sign", "served for one of two"],
)
def test_an_act_is_answered_in_its_language(
    text: str, history: tuple[Turn, ...], served: tuple[str, ...], language: str
) -> None:
    act = conversation_act(text, history, served)
    assert act is not None
    assert act.language == language


def test_an_act_in_a_language_that_is_not_served_is_an_act() -> None:
    triage = triage_ticket(Ticket("Vielen Dank, das hat geklappt!", history=ASKED), Config())
    assert (triage.route, triage.reasons, triage.language) == (Route.ANSWER, (Reason.SOLVED,), "de")


@pytest.mark.parametrize(
    ("ticket", "reasons"),
    [
        (Ticket("thanks, that worked", "Re: Password reset"), (Reason.SOLVED,)),
        (Ticket("thanks", "How do I reset my password?"), ()),
        (Ticket("thanks", "Password reset", history=ASKED), (Reason.THANKS,)),
    ],
    ids=["a reply", "the question is the subject", "in a conversation"],
)
def test_a_subject_speaks_for_a_first_message_only(ticket: Ticket, reasons: tuple[Reason, ...]) -> None:
    assert triage_ticket(ticket, Config()).reasons == reasons


def test_who_wants_no_bot_is_no_one_who_asks_whether_it_is_one() -> None:
    assert triage_ticket(Ticket("I want a human, not a bot"), Config()).reasons == (Reason.ASKED_FOR_HUMAN,)
    assert triage_ticket(Ticket("are you a real person?"), Config()).reasons == (Reason.ASKED_IF_BOT,)


def test_a_follow_up_keeps_its_subject_across_a_thank_you() -> None:
    history = (Turn("What is the Enterprise plan?", "It is …"), Turn("thanks!", "You're welcome!"))
    assert search_text("and how much does it cost?", history) == (
        "What is the Enterprise plan?\nand how much does it cost?"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Open the settings.", True),
        ("open the SETTINGS", True),
        ("Open the", False),
        ("Open the settings. Then wait.", False),
        ("", False),
    ],
)
def test_the_same_words_are_known_whatever_stands_before_them(text: str, told: bool) -> None:
    history = (Turn("q", "A machine answers here.\n\nOpen the settings."),)
    assert told_before(text, history) is told


def test_a_start_may_still_become_what_was_told() -> None:
    assert may_be_told_again("Open the", ASKED)
    assert not may_be_told_again("Open a", ASKED)


@pytest.mark.parametrize(
    ("text", "whole"),
    [("Is my machine broken?", True), ("Do you ship to Norway?", True), ("How much?", False), ("for the Pro?", False)],
)
def test_a_short_question_that_is_whole_leans_on_nothing(text: str, whole: bool) -> None:
    assert (search_text(text, (Turn("Do you offer decaf?", "Yes."),)) == text) == whole
