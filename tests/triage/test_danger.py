"""Danger, threats and lawyers, whatever answer could be found; most examples stand in the pattern tables."""

import pytest

from support_agent.triage.danger import danger_signals


def fired(text: str) -> list[str]:
    return [signal.name for signal in danger_signals(text) if signal.fired]


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("k i l l i n g  m y s e l f", "danger_self_harm"),
        ("I'm going to blow up your headquarters", "danger_violence"),
        ("We have retained counsel in this matter", "danger_legal"),
    ],
)
def test_a_danger_fires_its_own_signal_alone(text: str, signal: str) -> None:
    assert fired(text) == [signal]


@pytest.mark.parametrize(
    "text",
    [
        "kill -9 the process did not help",
        "Can Lamini detect suicide risk in text?",
        "when does the trial end things",
        "I don't see the point of this feature any more",
        "it will finally be at rest when the job ends",
        "My deadline is killing me, please hurry",
        "shoot me an e-mail when it is done",
        "How do you charge for tokens?",
        "Jak zakończyć zadanie, które nie odpowiada?",
        "De server wil niet meer starten na de update.",
        "Non voglio più vedere questo avviso.",
        "Não quero mais receber esses e-mails.",
    ],
)
def test_the_language_of_bug_reports_does_not_fire(text: str) -> None:
    assert fired(text) == []
