from support_agent.generation.extractive import ExtractiveGenerator
from support_agent.generation.prompt import write_prompt
from support_agent.records import Passage

LONG = "".join(f"Sentence {number} is about nothing in particular here. " for number in range(40))


def _draft(question: str, *texts: str) -> str:
    passages = [Passage(str(at), "", text, "docs") for at, text in enumerate(texts)]
    return ExtractiveGenerator().generate([write_prompt(question, passages)])[0].text


def test_writes_the_best_passage_as_it_is() -> None:
    assert _draft("What?", "The first. With two sentences.", "The second.") == "The first. With two sentences."


def test_picks_the_sentence_of_a_long_passage_that_fits_the_question() -> None:
    assert "Invoices are under Billing." in _draft(
        "Where are my invoices?", f"{LONG}Invoices are under Billing. {LONG}"
    )


def test_shortens_a_long_passage() -> None:
    assert len(_draft("Where are my invoices?", LONG)) < len(LONG) / 4


def test_writes_nothing_without_passages() -> None:
    assert _draft("What?") == ""


def test_gives_no_log_probability() -> None:
    draft = ExtractiveGenerator().generate([write_prompt("What?", [])])[0]
    assert draft.sum_log_prob is None


def test_stops_telling_when_asked_to() -> None:
    told: list[str] = []
    prompt = write_prompt("What?", [Passage("1", "", "One. Two. Three.", "docs")])
    ExtractiveGenerator().generate([prompt], on_text=lambda piece: told.append(piece) or True)
    assert told == ["One. "]
