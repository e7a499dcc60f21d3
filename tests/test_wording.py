import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.wording import content_words, facts, known_facts, token_f1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Visit https://app.lamini.ai/keys.", {"https://app.lamini.ai/keys"}),
        ("Write to help@lamini.ai!", {"help@lamini.ai"}),
        ("It costs $99 or 1,000 credits, about 5%.", {"99", "1000", "5%"}),
        ("Use `pip install lamini` first", {"pip", "install", "lamini"}),
        ("Call LlamaV2Runner and load_data().", {"LlamaV2Runner", "load_data"}),
        ("Edit ~/.powerml/configure.yaml with --force", {"~/.powerml/configure.yaml", "--force"}),
        ("See lamini-ai.com/lamini for more", {"lamini-ai.com/lamini"}),
        ("Use Llama-2-7B or an LLM-E", {"Llama-2-7B", "LLM-E"}),
        ("1. First\n2. Second", set()),
        ("This is plain, e.g. a sentence, i.e. words.", set()),
    ],
)
def test_finds_what_must_not_be_invented(text: str, expected: set[str]) -> None:
    assert facts(text) == expected


def test_a_longer_host_is_another_fact() -> None:
    assert not facts("https://lamini.ai.evil.com") <= known_facts("See https://lamini.ai.")


def test_a_code_word_of_the_passage_may_be_set_in_backticks() -> None:
    assert facts("Set `temperature`.") <= known_facts("The temperature, top_p and seed.")


def test_full_width_digits_are_digits() -> None:
    assert facts("call １２３") == {"123"}


def test_endings_of_a_word_do_not_matter() -> None:
    assert content_words("training trained trains") == ["train"] * 3


@pytest.mark.parametrize(
    ("first", "second", "f1"),
    [("a b", "A, b!", 1.0), ("a b", "c", 0.0), ("", "", 0.0), ("a b c d", "a b", 2 / 3), ("a a", "a", 2 / 3)],
)
def test_token_f1(first: str, second: str, f1: float) -> None:
    assert token_f1(first, second) == pytest.approx(f1)


@given(st.text(max_size=200))
def test_a_text_knows_its_own_facts(text: str) -> None:
    assert facts(text) <= known_facts(text)
