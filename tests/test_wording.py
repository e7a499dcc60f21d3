import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.wording import content_words, counted, facts, known_facts, names, token_f1, were


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Visit https://app.lamini.ai/keys.", {"https://app.lamini.ai/keys"}),
        ("Write to help@lamini.ai!", {"help@lamini.ai"}),
        ("It costs $99 or 1,000 credits, about 5%.", {"$99", "1000", "5%"}),
        ("Use `pip install lamini` first", {"pip", "install", "lamini"}),
        ("Call LlamaV2Runner and load_data() or run().", {"load_data", "llamav2runner", "run"}),
        ("Edit ~/.powerml/configure.yaml with --force", {"/.powerml/configure.yaml", "--force"}),
        ("See lamini-ai.com/lamini for more", {"lamini-ai.com/lamini"}),
        ("Use Llama-2-7B or an LLM-E", {"llama-2-7b", "llm-e"}),
        ("Forty-nine seats, a dozen users", {"forty", "nine", "dozen"}),
        ("Read and/or write your team's files", set()),
        ("1. First\n2. Second", set()),
        ("555. First", {"555"}),
        ("This is plain, e.g. a sentence, i.e. words.", set()),
    ],
)
def test_finds_what_must_not_be_invented(text: str, expected: set[str]) -> None:
    assert facts(text) == expected


@pytest.mark.parametrize(
    "invented",
    "https://lamini.ai.evil.com //evil.com/a evil[.]com hxxps://evil/ http:evil https:/\\evil slack://evil mailto:bob "
    "bob@localhost @evilcorp #evilcorp <script>go()</script> $SECRET /etc $99k 99EUR €99 .49 $.5 _49_ a49 49USD five "
    "dozen [tab](//evil.com) e\u00advil.com evil\u2060.com １２３".split(),
)
def test_what_no_passage_holds_is_not_known(invented: str) -> None:
    known = known_facts("Generate a key in the API tab at https://lamini.ai for $99 or 1,000 credits and twelve users.")
    assert facts(f"Generate a key at {invented} now") - known


@pytest.mark.parametrize("held", ["https://lamini.ai.", "$99!", "(1000)", "twelve", "`credits`", "lamini.ai"])
def test_what_a_passage_holds_is_known_however_it_is_set(held: str) -> None:
    known = known_facts("Generate a key at https://lamini.ai for $99 or 1,000 credits and twelve users.")
    assert facts(f"Generate {held} now") <= known


def test_finds_names_but_not_the_first_word() -> None:
    assert names("Ask Bob Smith about Lamini") == {"bob", "smith", "lamini"}


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


@pytest.mark.parametrize(
    ("count", "rows", "said"), [(0, "0 rows", "0 were"), (1, "1 row", "1 was"), (1200, "1,200 rows", "1,200 were")]
)
def test_counts_are_said_in_the_singular_and_the_plural(count: int, rows: str, said: str) -> None:
    assert (counted(count, "row"), were(count)) == (rows, said)
