"""What a question names must not have another of its kind in its place; what is only told beside it does no harm."""

import pytest

from support_agent.gate.entities import clashes
from support_agent.gate.measure import measure_quote
from support_agent.records import Passage, Reason
from support_agent.streaming import SentenceGate

NORWAY = ("Do you ship to Norway?", "No, we do not ship to Norway.")
UPLOAD = ("What is the maximum upload size in Acme 2.0?", "The maximum upload size in Acme 2.0 is 250 MB.")
E1206 = ("What does error E1206 mean?", "Error E1206 means that the door is open. Close the door.")
BASIC = ("How much is the Basic plan?", "The Basic plan costs $9 per month.")
ROUTER = ("How do I reset the router?", "Press the reset button for 10 seconds.")
PYTHON = ("Which Python versions work?", "The client works with Python 3.7 or higher.")
FACEBOOK = ("How do I delete my Facebook account?", "Open your settings there and choose Delete.")

SPEAKER = ("How do I pair the Acme Speaker?", "Hold the button for 5 seconds, then choose Acme Speaker on your phone.")

OTHERS = {
    "a country": ("Do you ship to Denmark?", *NORWAY),
    "a country in small letters": ("do you ship to denmark", *NORWAY),
    "a city": ("Do you ship to Oslo?", "Do you ship to Bergen?", "Yes, we ship to Bergen."),
    "a country, in German": ("Liefern Sie nach Dänemark?", "Liefern Sie nach Norwegen?", "Wir liefern nach Norwegen."),
    "a country, in Spanish": ("¿Envían a Francia?", "¿Envían a Portugal?", "Sí, enviamos a Portugal."),
    "a version": ("What is the maximum upload size in Acme 3.0?", *UPLOAD),
    "a version, small": ("max upload size acme 3.0", *UPLOAD),
    "a version after the name": ("Does it run on iOS 12?", "Does it run on iOS 17?", "Yes, it runs on iOS 17."),
    "an error code": ("What does E1207 mean?", *E1206),
    "an error code, small": ("e1207", *E1206),
    "a code of another kind": ("My dishwasher shows E1207.", *ROUTER),
    "a code with a dash": ("How do I fix ORA-00942?", "ORA-00604", "ORA-00604 means that a trigger failed."),
    "two codes, one of them known": ("What does E1206 mean? What does E1207 mean?", *E1206),
    "a list of codes": ("1. What does E1206 mean?\n2. What does E1207 mean?", *E1206),
    "a number of a year": ("Is it affected by CVE-2015-1890?", "CVE-2014-8730", "It is affected by CVE-2014-8730."),
    "a plan": ("How much is the Enterprise plan?", *BASIC),
    "a plan, small": ("how much is the premium plan", *BASIC),
    "a currency": ("What does Basic cost in euros?", *BASIC),
    "a period": ("How much is Basic per year?", *BASIC),
    "a system": ("How do I install it on Linux?", "How do I install it on Windows?", "Run setup.exe on Windows."),
    "a way to pay": ("Can I pay with Klarna?", "Can I pay with PayPal?", "Yes, you can pay with PayPal."),
    "a product": ("How do I delete my Twitter account?", *FACEBOOK),
    "a product behind a common verb": ("How do I pair the Acme Kettle?", *SPEAKER),
    "a model": ("Can I tune GPT-4?", "Can I tune GPT-3?", "Yes, you can tune GPT-3."),
    "a language": ("Is there a Java client?", "Is there a Python client?", "Yes, there is a Python client."),
}
HARMLESS = {
    "the same": ("Do you ship to Norway?", *NORWAY),
    "a release of it": ("What is the maximum upload size in Acme 2?", *UPLOAD),
    "an order": ("My order 1234 has not come. How do I reset the router?", *ROUTER),
    "an order with letters": ("How do I reset the router of order A1234?", *ROUTER),
    "how many": ("I have 3 GPUs, how do I reset the router?", *ROUTER),
    "a name": ("How do I reset the router? Dana Miller, Berlin", *ROUTER),
    "a place beside it": ("Here in Denmark: how do I reset the router?", *ROUTER),
    "a computer": ("On my Mac, how do I reset the router?", *ROUTER),
    "a date": ("Since May 3 2024 it is off. How do I reset the router?", *ROUTER),
    "a file": ("How do I reset the router with backup1234.bin?", *ROUTER),
    "a code that is only told": (
        "How do I reset the router?\n\n"
        + "It has been like this for a long while now and nothing helps. " * 3
        + "E1207",
        *ROUTER,
    ),
    "a code beside the one that is asked about": ("I saw E1207 first, then E1206. What does E1206 mean?", *E1206),
    "two codes of one question": ("What do E1206 and E1207 mean for me?", *E1206),
    "a title in capitals": ("How do I reset My password?", "How To Reset Your Password", "Press the link."),
    "a range": ("Does it work with Python 3.12?", *PYTHON),
    "a quantity": ("Can I upload a file of 300 MB to Acme 2.0?", *UPLOAD),
    "an amount of days": ("Can I return it after 45 days?", "Can I return it?", "You can return it within 30 days."),
    "only": ("Is SAML in the Pro plan?", "Do you have SAML?", "SAML is in the Enterprise plan only."),
    "one of several": ("Do you take Visa?", "How can I pay?", "We take Visa, Mastercard and PayPal."),
    "all countries": ("Do you ship to Denmark?", "Do you ship abroad?", "Yes, to Norway and all EU countries."),
    "both": ("How much is Basic per year?", BASIC[0], "Basic costs $9 per month, or $90 per year."),
    "two versions": ("I moved from Acme 2.0 to Acme 3.0. What is the maximum upload size?", *UPLOAD),
    "other words": ("How do I get rid of my Facebook profile?", *FACEBOOK),
    "nothing": ("", "", ""),
}


@pytest.mark.parametrize(("question", "title", "text"), OTHERS.values(), ids=OTHERS)
def test_another_of_its_kind_is_found(question: str, title: str, text: str) -> None:
    assert clashes(question, title, text)


@pytest.mark.parametrize(("question", "title", "text"), HARMLESS.values(), ids=HARMLESS)
def test_what_a_customer_tells_beside_the_question_does_no_harm(question: str, title: str, text: str) -> None:
    assert clashes(question, title, text) == ()


@pytest.mark.parametrize(
    ("question", "held"),
    [("Do you ship to Norway?", ()), ("Do you ship to Denmark?", (Reason.OTHER_ENTITY,))],
    ids=["its own", "another"],
)
def test_a_quote_of_what_is_said_of_another_country_is_held_back(question: str, held: tuple[Reason, ...]) -> None:
    assert measure_quote(question, [Passage("docs:1", *NORWAY, "docs", 0.8)]).held == held


@pytest.mark.parametrize(
    ("question", "sent"),
    [("Do you ship to Norway?", NORWAY[1]), ("Do you ship to Denmark?", "")],
    ids=["its own", "another"],
)
def test_a_stream_lets_nothing_out_about_another_country(question: str, sent: str) -> None:
    gate = SentenceGate([Passage("docs:1", *NORWAY, "docs", 0.8)], question)
    gate.push(f"{NORWAY[1]} ")
    assert (gate.push("It is far."), gate.sent) in [("", sent), (sent, sent)]
