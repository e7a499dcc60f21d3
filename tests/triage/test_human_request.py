"""Asking for a person in words that name none."""

import pytest

from support_agent.triage.human_request import human_request_signal


@pytest.mark.parametrize(
    "text",
    [
        "Could you put a lady on the phone",
        "Is there anybody on the other end?",
        "Let me have a flesh-and-blood being.",
        "I want a flesh and blood person",
        "Give me someone who has a pulse",
        "I need a real breathing person",
        "I would like someone in the flesh",
        "I prefer to deal with a person made of flesh",
        "human pls",
    ],
)
def test_a_person_in_other_words_is_asked_for(text: str) -> None:
    assert human_request_signal(text).fired


@pytest.mark.parametrize(
    "text",
    [
        "How do I get a marker on the line chart?",
        "Our data set labels flesh and blood in butchery photos.",
        "Can Lamini write a story about a flesh-and-blood person?",
        "The model monitors somebody who breathes through a ventilator.",
        "We need people with a pulse under 60 as a class.",
        "The evaluation has a heartbeat every ten seconds.",
        "Does the worker with the missing heartbeat restart?",
        "How do I fine-tune on flesh tones?",
        "Could I have people counted in an image?",
        "How do we deal with staff turnover data?",
        "Dark Souls has a single soul item, can the model know that?",
    ],
)
def test_what_only_sounds_like_a_person_is_not_a_wish_for_one(text: str) -> None:
    assert not human_request_signal(text).fired
