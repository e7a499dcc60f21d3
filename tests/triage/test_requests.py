"""What only a person may do or should read: a request or a report, never a topic; and what outranks what."""

import pytest

from support_agent.config import Config
from support_agent.records import Reason, Route, Ticket
from support_agent.triage import deciding_reasons, in_order, triage_ticket
from support_agent.triage.patterns import TABLES, near_seeds, read_table
from support_agent.triage.requests import REQUESTS, request_signals


def reasons(text: str) -> tuple[Reason, ...]:
    return triage_ticket(Ticket(text), Config(languages=("en", "de"))).reasons


@pytest.mark.parametrize("language", "ar de en es fr hi it ja nl pt ru zh".split())
def test_every_language_with_texts_has_every_request(language: str) -> None:
    assert set(REQUESTS) == {entry.signal for entry in read_table(TABLES / "requests" / f"{language}.toml")}


def test_each_request_is_a_reason_of_its_own_for_a_person() -> None:
    assert [Reason(name).route for name in REQUESTS] == [Route.HUMAN] * len(REQUESTS)


@pytest.mark.parametrize(
    "text",
    [
        "How do I change my card?",
        "What is your refund policy?",
        "how do I implement GDPR erasure with your API?",
        "How do I delete my account?",
        "Can I delete my data myself?",
        "Is there a status page for outages?",
        "Does the library have known vulnerabilities?",
        "How do I cancel my subscription?",
        "Can children use the app?",
        "Where do I see my invoices?",
        "How does the model handle legal notices?",
        "Do you support screen readers?",
        "What happens to my account when I die?",
        "How can I lower the loss of my model?",
        "Is the battery a fire risk?",
        "What should I do if the battery is swollen?",
        "How do I use the smoke detector?",
        "Does your dev server support hot reload?",
        "How do I fire a webhook when an order ships?",
    ],
)
def test_a_question_about_it_stays_a_question(text: str) -> None:
    assert reasons(text) == ()


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Can I use it offline? This is a data subject access request under GDPR.", Reason.PRIVACY_REQUEST),
        ("You charged me twice. Cancel my account and delete my data.", Reason.PRIVACY_REQUEST),
        ("Please cancel my account. I want a refund.", Reason.REFUND),
        ("My husband passed away. Please close his account and refund the last payment.", Reason.BEREAVEMENT),
        ("Your site is down and I want to talk to a human", Reason.OUTAGE_REPORT),
        ("My 9-year-old son bought credits, please refund me", Reason.MINOR),
        ("Cancel my account, I am going to kill myself", Reason.DANGER_SELF_HARM),
        ("Refund me or you will hear from my lawyer", Reason.DANGER_LEGAL),
        ("The kettle caught fire and I want a refund", Reason.DANGER_PRODUCT),
        ("My 9-year-old daughter got an electric shock from the lamp", Reason.DANGER_PRODUCT),
        ("There is smoke coming out of the charger and my neighbour is unconscious", Reason.DANGER_PRODUCT),
        ("The charger burned my hand, I want to kill myself", Reason.DANGER_SELF_HARM),
        ("Your heater caught fire, I will kill you all", Reason.DANGER_VIOLENCE),
        ("Cancel my subscription and let me talk to a human", Reason.BILLING),
        ("Löschen Sie alle meine Daten.", Reason.PRIVACY_REQUEST),
    ],
)
def test_the_graver_matter_comes_first(text: str, first: Reason) -> None:
    assert reasons(text)[0] == first


def test_reasons_found_at_different_times_stand_in_one_order() -> None:
    found = (Reason.BILLING, Reason.LANGUAGE, Reason.FRUSTRATED, Reason.DANGER_SELF_HARM, Reason.BILLING)
    assert in_order(found) == (Reason.DANGER_SELF_HARM, Reason.BILLING, Reason.FRUSTRATED, Reason.LANGUAGE)


def test_every_signal_decides_by_the_table() -> None:
    fired = request_signals("You charged me twice, delete my account!")
    assert deciding_reasons(fired) == (Reason.REFUND, Reason.BILLING)


def test_a_hazard_at_the_end_of_a_long_mail_is_heard() -> None:
    mail = "Nothing came of what we spoke about. " * 60 + "My child swallowed a part of the lamp."
    assert "danger_product" in {signal.name for signal in request_signals(mail) if signal.fired}


def test_what_is_read_around_two_seeds_does_not_run_together() -> None:
    far_apart = f"fire{'.' * 900}fire"
    assert near_seeds("danger_product", far_apart).count("\n") == 1
    assert near_seeds("refund", far_apart) == far_apart
