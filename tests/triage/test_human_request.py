"""Asking for a person in words that name none."""

import pytest

from support_agent.triage.human_request import human_request_signal


@pytest.mark.parametrize(
    "text",
    [
        "Can I get a bloke on the line?",
        "Could you put a lady on the phone",
        "Is there anybody on the other end?",
        "Let me have a flesh-and-blood being.",
        "I want a flesh and blood person",
        "I'd rather be dealing with somebody who breathes.",
        "Give me someone who has a pulse",
        "Is there anyone with a heartbeat?",
        "I need a real breathing person",
        "real breathing person",
        "A living, breathing human please",
        "I would like someone in the flesh",
        "Someone in the flesh, please!",
        "I prefer to deal with a person made of flesh",
        "Can I reach a single soul?",
        "can i get a person",
        "Could I have a human to help me?",
        "Can we please get some real people on the phone?",
        "human pls",
        "A person, pls!",
        "this is useless. human plz",
        "get me out of this bot",
        "Please take me off your stupid chatbot now",
        "I'd rather deal with staff",
        "Can I talk to your support staff?",
        "I want to speak to humans",
        "Is there a human?",
        "Is there any human here who can read?",
    ],
)
def test_a_person_in_other_words_is_asked_for(text: str) -> None:
    assert human_request_signal(text).fired


@pytest.mark.parametrize(
    "text",
    [
        "Can I get a warning on the line where parsing fails?",
        "How do I get a marker on the line chart?",
        "Our data set labels flesh and blood in butchery photos.",
        "Can Lamini write a story about a flesh-and-blood person?",
        "We have radar data of a breathing person.",
        "Can I get a breathing person detector for our radar?",
        "The model monitors somebody who breathes through a ventilator.",
        "Does the wearable flag people with a pulse over 120?",
        "We need people with a pulse under 60 as a class.",
        "The evaluation has a heartbeat every ten seconds.",
        "Does the worker with the missing heartbeat restart?",
        "How do I fine-tune on flesh tones?",
        "Is there any human bias in Lamini's models?",
        "Is there human oversight of the training?",
        "can I get a person embedding",
        "Can I get a person's name out of a text?",
        "Could I have people counted in an image?",
        "human-in-the-loop labels please",
        "How do I get out of this loop?",
        "Please get me off the machine pool list",
        "Can I deal with staff schedules?",
        "I want to deal with people in pictures, which model fits?",
        "How do we deal with staff turnover data?",
        "Dark Souls has a single soul item, can the model know that?",
    ],
)
def test_what_only_sounds_like_a_person_is_not_a_wish_for_one(text: str) -> None:
    assert not human_request_signal(text).fired
