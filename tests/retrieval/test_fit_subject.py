"""What an index is about, found among its passages, of questions and of documents alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from support_agent.records import Passage
from support_agent.retrieval import HashingEmbedder, Index, Subject, add_to_index, build_index, read_sources
from support_agent.retrieval.building import embedded_text
from support_agent.retrieval.fit_subject import (
    _are_questions,
    find_names,
    find_product,
    fit_subject,
    is_pair,
    own_texts,
    shipped_outliers,
)

EMBEDDER = HashingEmbedder()
THINGS = ["webhook", "invoice export", "key", "audit log", "backup", "dashboard", "data import", "user role"]
FORMS = [
    "How do I set up a {} in Zorbly?",
    "Can Zorbly show me each {}?",
    "Where in Zorbly is the {}?",
    "Why does my {} fail in Zorbly with an error?",
    "What does the {} cost on the team plan?",
]
OWN = [form.format(thing) for thing in THINGS for form in FORMS]
PAIRS = [Passage(f"rows:{n}", title, f"Answer {n} about {title[-12:-1]}.", "rows.csv") for n, title in enumerate(OWN)]
PAGES = [
    Passage(f"guide:{n}", f"Guide > {thing.title()}", f"The {thing} is set up in step {n}. Then wait.", "guide.md")
    for n, thing in enumerate(THINGS * 3)
]


@pytest.fixture(autouse=True)
def few_outliers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the texts about anything else: fitting to all of them takes seconds."""
    few = shipped_outliers()[::10]
    monkeypatch.setattr("support_agent.retrieval.fit_subject.shipped_outliers", lambda: few)


def fitted(passages: list[Passage], refused: tuple[str, ...] = (), product: str | None = None) -> Subject:
    vectors = EMBEDDER.encode([embedded_text(passage) for passage in passages])
    return fit_subject(passages, vectors, refused, EMBEDDER, product=product)


@pytest.mark.parametrize(
    ("own", "found"),
    [
        (["Does Zorbly run offline?"] * 3 + ["is it free"] * 7, ("zorbly",)),
        (["Does Zorbly run offline?"] + ["is it free"] * 9, ()),
        (["Is Paris far?"] * 5 + ["is it free"] * 5, ()),
        (["Is the api key secret?"] * 5 + ["Where is the API?"] * 3, ()),
        (["Zorbly is what?"] * 10, ()),
    ],
    ids=["a third of the questions", "a tenth", "also elsewhere", "mostly small", "only at the start"],
)
def test_names_are_words_with_a_capital_in_many_own_questions(own: list[str], found: tuple[str, ...]) -> None:
    assert find_names(own * 2, ["how far is paris from here"]) == found


def test_a_name_is_found_although_some_refused_questions_hold_it() -> None:
    own = ["Does Zorbly run offline?"] * 20
    assert find_names(own, ["can zorbly bake bread", *["what time is it"] * 19]) == ("zorbly",)


@pytest.mark.parametrize(
    "own",
    [
        ["Does Zorbly run offline?"] * 19,
        ["Security Bulletin For Zorbly Web Server"] * 30,
        ["Wie lange dauern Lieferung und Versand bei Zorbly in Bayern?"] * 30,
    ],
    ids=["a few texts", "title case", "a language whose nouns have capitals"],
)
def test_where_a_capital_tells_nothing_no_name_is_found(own: list[str]) -> None:
    assert find_names(own, ["how far is paris from here"]) == ()


@pytest.mark.parametrize(
    ("texts", "questions"),
    [
        (OWN, True),
        (["Wie lange dauert es?", "¿Cuánto cuesta?", "何時ですか？"], True),
        (["Security Bulletin 4711", "How do I update?", "Release notes"], False),
    ],
    ids=["English questions", "questions of other languages", "mostly headings"],
)
def test_titles_that_are_no_questions_are_headings_even_in_a_table(texts: list[str], questions: bool) -> None:
    assert _are_questions(texts) is questions


def test_shipped_outliers_are_unlike_each_other() -> None:
    texts = shipped_outliers()
    assert len(set(texts)) == len(texts) == 2949


@pytest.mark.parametrize(("share", "product"), [(8, "acme"), (4, "")], ids=["most name it", "few name it"])
def test_the_product_is_the_name_that_most_questions_hold(share: int, product: str) -> None:
    own = [f"How does Acme do task {number}?" if number < share else f"How is task {number}?" for number in range(10)]
    assert find_product(own, ("acme",)) == product
    assert find_product(own, ()) == ""


def test_of_two_names_in_as_many_questions_one_is_the_product_whatever_their_order() -> None:
    own = ["How does Acme Cloud work?"] * 4
    assert find_product(own, ("acme", "cloud")) == find_product(own, ("cloud", "acme"))


def test_a_pairs_text_is_its_question_and_a_documents_its_last_heading_and_first_sentence() -> None:
    assert own_texts([PAIRS[0], PAGES[0]]) == {
        "rows:0": "How do I set up a webhook in Zorbly?",
        "guide:0": "Webhook. The webhook is set up in step 0.",
    }


def test_a_passage_without_a_title_stands_for_no_question() -> None:
    assert own_texts([replace(PAIRS[0], title="")]) == {}


def test_of_many_passages_the_texts_are_taken_evenly() -> None:
    many = [Passage(f"rows:{n}", f"What is {n}?", "x", "rows.csv") for n in range(7000)]
    taken = list(own_texts(many))
    assert len(taken) <= 3000
    assert (taken[0], taken[-1]) == ("rows:0", "rows:6999")


@pytest.mark.parametrize(
    ("source", "pair"), [("rows.csv", True), ("rows.JSONL", True), ("guide.md", False), ("guide.pdf", False)]
)
def test_what_is_read_from_a_table_is_a_question_with_its_answer(source: str, pair: bool) -> None:
    assert is_pair(replace(PAIRS[0], source=source)) is pair


def test_the_names_and_the_product_are_found_among_the_passages() -> None:
    subject = fitted(PAIRS)
    assert (subject.names, subject.product, subject.named) == (("zorbly",), "zorbly", False)
    assert subject.scope is not None
    assert subject.scope.names == ("zorbly",)


def test_refused_questions_that_hold_the_name_do_not_hide_it() -> None:
    assert fitted(PAIRS, refused=("Can Zorbly bake bread?",) * 9).names == ("zorbly",)


@pytest.mark.parametrize(
    ("product", "names"),
    [("Acme Desk", ("acme desk", "zorbly")), ("", ("zorbly",)), ("Zorbly", ("zorbly",))],
    ids=["another", "none", "the one that is found"],
)
def test_the_owner_has_the_last_word_on_the_product(product: str, names: tuple[str, ...]) -> None:
    subject = fitted(PAIRS, product=product)
    assert (subject.names, subject.product, subject.named) == (names, product, True)


def test_a_question_has_a_scope_by_a_model_that_has_not_seen_it() -> None:
    subject = fitted(PAIRS)
    assert subject.left_out.keys() == {passage.passage_id for passage in PAIRS}
    assert all(0 <= score <= 1 for score in subject.left_out.values())


def test_few_passages_have_no_scope_and_the_usual_nearness() -> None:
    subject = fitted(PAIRS[:19])
    assert (subject.scope, subject.left_out) == (None, {})
    assert subject.nearness == Subject().nearness


LONE = [Passage(f"rows:{n}", f"word{n} thing{n} matter{n}?", f"say{n}", "rows.csv") for n in range(30)]


def test_what_is_near_is_measured_without_a_questions_own_passage() -> None:
    nearness = fitted(LONE).nearness
    asked = EMBEDDER.encode([one.title for one in LONE])
    cosines = asked @ EMBEDDER.encode([embedded_text(one) for one in LONE]).T
    assert -1 <= nearness.far < nearness.near
    assert nearness.near == pytest.approx(np.median((cosines - 2 * np.eye(30)).max(axis=1)), abs=1e-4)
    assert nearness.near < np.median(np.diag(cosines))


def test_a_question_that_stands_twice_is_not_near_itself() -> None:
    copies = [replace(one, passage_id=f"again:{n}") for n, one in enumerate(LONE)]
    assert fitted([*LONE, *copies]).nearness == fitted(LONE).nearness


def test_an_index_of_documents_lets_more_pass_than_its_headings_would() -> None:
    subject = fitted(PAGES)
    assert subject.scope is not None
    bare = EMBEDDER.encode(shipped_outliers())
    passing = [subject.scope.score(text, vector) for text, vector in zip(shipped_outliers(), bare, strict=True)]
    assert np.mean([score >= subject.scope.threshold for score in passing]) >= 0.005


def table(folder: Path, name: str, titles: list[str]) -> Path:
    rows = "".join(f'"{title}","Answer {number} of {name}."\n' for number, title in enumerate(titles))
    (folder / name).write_text(f"question,answer\n{rows}", "utf-8")
    return folder / name


def test_an_index_that_grows_is_about_what_it_then_holds(tmp_path: Path) -> None:
    first, more = table(tmp_path, "first.csv", OWN[:5]), table(tmp_path, "more.csv", OWN[5:])
    build_index(tmp_path / "shop", read_sources([first]), EMBEDDER)
    before = Index.open(tmp_path / "shop", embedder=EMBEDDER)
    add_to_index(before, read_sources([more]))
    after = Index.open(tmp_path / "shop", embedder=EMBEDDER)
    assert before.subject.scope is None
    assert after.subject.scope is not None
    assert len(after.subject.left_out) == len(OWN)


@pytest.mark.parametrize(("product", "kept"), [("Acme", "Acme"), (None, "zorbly"), ("", "")])
def test_an_index_that_grows_keeps_the_owners_word_and_looks_again_for_a_name_it_found(
    tmp_path: Path, product: str | None, kept: str
) -> None:
    first, more = table(tmp_path, "first.csv", ["Is it free?"]), table(tmp_path, "more.csv", OWN)
    build_index(tmp_path / "shop", read_sources([first]), EMBEDDER, product=product)
    add_to_index(Index.open(tmp_path / "shop", embedder=EMBEDDER), read_sources([more]))
    assert Index.open(tmp_path / "shop", embedder=EMBEDDER).subject.product == kept
