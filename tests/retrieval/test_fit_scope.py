import json

import numpy as np
import pytest

from support_agent.retrieval import HashingEmbedder
from support_agent.retrieval.fit_scope import ScopeFit, fit_scope
from support_agent.retrieval.fit_subject import shipped_outliers
from support_agent.triage.scope import ScopeModel, delete_names, scope_signal

THINGS = ["webhook", "invoice export", "API key", "audit log", "backup", "dashboard", "data import", "user role"]
FORMS = [
    "How do I set up a {} in Zorbly?",
    "Can Zorbly show me each {}?",
    "Where in the settings is the {}?",
    "Why does my {} fail in Zorbly with an error?",
    "What does the {} cost on the team plan?",
]
OWN = [form.format(thing) for thing in THINGS for form in FORMS]
OUTLIERS = shipped_outliers()[:300]
EMBEDDER = HashingEmbedder()


@pytest.fixture(scope="module")
def fit() -> ScopeFit:
    return fit_scope(OWN, OUTLIERS, EMBEDDER, names=("zorbly",))


def fires(model: ScopeModel, text: str) -> bool:
    bare = delete_names(text, model.names)
    return scope_signal(model, bare, EMBEDDER.encode([bare])[0]).fired


@pytest.mark.parametrize(
    ("text", "fired"),
    [
        ("Where in the settings is the audit log in Zorbly?", False),
        ("Where in the settings is the audit log?", False),
        ("what song is playing on the radio right now", True),
        ("what song is playing on the radio right now in Zorbly?", True),
    ],
    ids=["own", "own without the name", "other", "other with the name"],
)
def test_a_ticket_is_judged_without_the_products_name(fit: ScopeFit, text: str, fired: bool) -> None:
    assert fires(fit.model, text) is fired


def test_own_questions_get_a_score_each_by_a_fit_that_has_not_seen_them(fit: ScopeFit) -> None:
    assert len(fit.own_scores) == len(OWN)
    assert all(0 <= score <= 1 for score in fit.own_scores)
    bare = [delete_names(text, fit.model.names) for text in OWN]
    seen = [fit.model.score(text, vector) for text, vector in zip(bare, EMBEDDER.encode(bare), strict=True)]
    assert np.mean(fit.own_scores) < np.mean(seen)


@pytest.mark.parametrize("keep", [0.8, 0.95])
def test_the_stated_share_of_own_questions_is_kept(keep: float) -> None:
    fit = fit_scope(OWN, OUTLIERS, EMBEDDER, keep=keep)
    assert np.mean([score >= fit.model.threshold for score in fit.own_scores]) == pytest.approx(
        keep, abs=1.5 / len(OWN)
    )


def test_same_texts_give_the_same_bytes(fit: ScopeFit) -> None:
    again = fit_scope(OWN, OUTLIERS, EMBEDDER, names=("zorbly",))
    assert json.dumps(again.model.to_dict()) == json.dumps(fit.model.to_dict())


def test_a_model_read_back_is_the_model(fit: ScopeFit) -> None:
    read = ScopeModel.from_dict(json.loads(json.dumps(fit.model.to_dict())))
    vector = EMBEDDER.encode(["How do I export an invoice?"])[0]
    assert read.score("How do I export an invoice?", vector) == fit.model.score("How do I export an invoice?", vector)
    assert read.embedder == EMBEDDER.fingerprint


def test_many_own_questions_are_kept_as_centres() -> None:
    many = [f"How do I {verb} the {thing} number {number}?" for number in range(45) for verb in ("add", "find", "drop")
            for thing in THINGS]  # fmt: skip
    assert len(fit_scope(many, OUTLIERS, EMBEDDER, names=()).model.own) == 1000


@pytest.mark.parametrize(("own", "outliers"), [(19, 300), (40, 19)], ids=["own", "outliers"])
def test_too_few_texts_are_an_error_that_says_how_many(own: int, outliers: int) -> None:
    with pytest.raises(ValueError, match=f"{own} own texts and {outliers} others are too few"):
        fit_scope(OWN[:own], OUTLIERS[:outliers], EMBEDDER)


def test_texts_without_any_word_can_be_fitted() -> None:
    assert len(fit_scope([*OWN, "", "???"], [*OUTLIERS, "", "////"], EMBEDDER).own_scores) == len(OWN) + 2


def test_no_more_of_the_other_texts_pass_than_without_a_share_to_let_pass() -> None:
    strict, loose = (fit_scope(OWN, OUTLIERS, EMBEDDER, let_pass=share).model for share in (None, 0.2))
    passing = [text for text in OUTLIERS if not fires(loose, text)]
    assert loose.threshold < strict.threshold
    assert len(passing) / len(OUTLIERS) == pytest.approx(0.2, abs=0.05)


def test_few_own_questions_get_a_threshold_that_lets_less_pass() -> None:
    fit = fit_scope(OWN, OUTLIERS, EMBEDDER)
    assert np.mean([score >= fit.model.threshold for score in fit.own_scores]) == pytest.approx(0.9, abs=0.04)
