"""Danger, threats and lawyers: who goes to a human whatever an answer could be found for."""

import pytest

from support_agent.triage.danger import danger_signals


def fired(text: str) -> list[str]:
    return [signal.name for signal in danger_signals(text) if signal.fired]


@pytest.mark.parametrize(
    "text",
    [
        "I have been cutting myself again",
        "I don't see a reason to live any more",
        "there is no way out for me but death",
        "i took 40 pills",
        "k i l l i n g  m y s e l f",
        "Ich möchte sterben",
        "Me quiero matar",
        "Je veux en finir avec la vie",
        "Я хочу умереть",
        "我想死",
        "मैं मरना चाहता हूँ",
        "أريد أن أموت",
    ],
)
def test_danger_to_oneself_fires(text: str) -> None:
    assert fired(text) == ["danger_self_harm"]


@pytest.mark.parametrize(
    "text",
    [
        "someone should shoot your CEO",
        "I'd strangle your developers if I could",
        "My ex is stalking me and threatens to hurt me",
        "I'm going to blow up your headquarters",
        "your family is not safe",
        "Ich weiß wo du wohnst",
        "Voy a poner una bomba",
        "Je sais où tu habites",
        "Я знаю, где ты живёшь",
        "我要杀了你",
        "मैं तुम्हें मार डालूंगा",
        "سأفجر مكتبكم",
    ],
)
def test_a_threat_or_a_person_in_danger_fires(text: str) -> None:
    assert fired(text) == ["danger_violence"]


@pytest.mark.parametrize(
    "text",
    [
        "We have retained counsel in this matter",
        "I demand compensation or this goes to court",
        "Ich erstatte Anzeige gegen Sie",
        "Tomaré acciones legales",
        "Mon avocat vous contactera",
        "Я подам на вас в суд",
        "我会报警的",
        "मेरा वकील आपसे बात करेगा",
        "سأرفع دعوى قضائية ضدكم",
    ],
)
def test_going_to_law_fires(text: str) -> None:
    assert fired(text) == ["danger_legal"]


@pytest.mark.parametrize(
    "text",
    [
        "kill -9 the process did not help",
        "The process committed suicide after a SIGTERM",
        "We want to classify self-harm posts with your model",
        "Can Lamini detect suicide risk in text?",
        "My deadline is killing me, please hurry",
        "I'd kill for a dark mode",
        "shoot me an e-mail when it is done",
        "The build blew up after the update",
        "Someone should kill the worker",
        "Can Lamini be used by lawyers?",
        "What court has jurisdiction under your terms?",
        "How do you charge for tokens?",
        "Wie beende ich einen Prozess?",
        "如何杀死进程",
    ],
)
def test_the_language_of_bug_reports_does_not_fire(text: str) -> None:
    assert fired(text) == []
