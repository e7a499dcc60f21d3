"""What a clause denies, and what a first word says."""

import pytest

from support_agent.gate.polarity import clauses, denies, first_word, is_opposite, is_yes_no_question, word_list


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("We do not ship spoons.", {"ship", "spoon"}),
        ("Gift cards are never refunded.", {"gift", "card", "refund"}),
        ("Gift cards never expire.", {"expir"}),
        ("You don't need a key to export tables.", {"need", "key"}),
        ("It works without a key.", {"key"}),
        ("It cannot work without a key.", {"work"}),
        ("Smoking is forbidden.", {"smok", "forbidden"}),
        ("We take not only cash.", set()),
        ("Don't hesitate to write.", set()),
        ("No later than Monday.", set()),
        ("We ship spoons.", set()),
        ("Wir liefern nicht nach Norwegen.", {"nach", "norwegen"}),
        ("No enviamos platos.", {"enviamo", "plato"}),
    ],
)
def test_what_is_denied(text: str, denied: set[str]) -> None:
    assert set().union(*(clause.denied for clause in clauses(text))) == denied


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Yes, we do.", "yes"),
        ("No. We do not.", "no"),
        ("**No**, we do not.", "no"),
        ("Nein, wir liefern nicht.", "no"),
        ("Sí, claro.", "yes"),
        ("No information is given.", ""),
        ("Yesterday, it was.", ""),
        ("No problem: we ship.", ""),
        ("", ""),
    ],
)
def test_what_a_first_word_says(text: str, said: str) -> None:
    assert first_word(text) == said


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Do you ship?", True),
        ("Hi, can I pay?", True),
        ("Isn't it free?", True),
        ("Kann ich zahlen?", True),
        ("How do I pay?", False),
        ("Documents", False),
    ],
)
def test_what_yes_or_no_answers(text: str, is_one: bool) -> None:
    assert is_yes_no_question(text) is is_one


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("It is easy to write one.", "No, there is no editor, but it is easy to write one."),
        ("You can stop a job.", "You can stop a job that you no longer need."),
        ("Nobody can export it.", "It cannot be exported by anybody."),
        ("It cannot give the results early.", "No, it can only give the last results. It cannot give any early."),
    ],
    ids=["another clause", "an aside", "other words that deny", "borne out further on"],
)
def test_what_a_passage_says_too_is_not_its_opposite(sentence: str, text: str) -> None:
    assert not is_opposite(sentence, "", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deny", "notable noon"),
        ("only", "lonely"),
        ("unless", "exceptional"),
        ("stage", "betas alphabet"),
        ("most", "undertaken overdue"),
        ("every", "allergy wholesale"),
        ("contrast", "button thoughtful"),
        ("yes", "yesterday measure"),
        ("denial", "noon nopester"),
    ],
    ids=lambda given: given,
)
def test_a_list_is_looked_for_in_whole_words(name: str, text: str) -> None:
    assert not word_list(name).search(text)


@pytest.mark.parametrize(
    "text",
    ["You don't need a key.", "It isn’t free.", "We can't.", "It won't.", "You can not.", "Never do that.", "no keys"],
)
def test_finds_a_denial(text: str) -> None:
    assert denies(text)


@pytest.mark.parametrize(
    "text",
    ["You need a key.", "Notice the knot.", "The ant's nest is annotated.", "It speaks German, not only English."],
)
def test_finds_no_denial_where_there_is_none(text: str) -> None:
    assert not denies(text)
