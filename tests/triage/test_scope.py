import numpy as np
import pytest

from support_agent.triage.scope import SHARPNESS, ScopeModel, delete_names, scope_signal


@pytest.fixture
def model() -> ScopeModel:
    """Two axes of four; own questions lie along the first. Only nearness and two words weigh."""
    weights = np.zeros(len(SHARPNESS) + 1 + 2, dtype=np.float32)
    weights[0] = 1.0
    return ScopeModel(
        embedder="hash",
        names=("lamini",),
        threshold=0.9,
        mean=np.zeros(4, dtype=np.float32),
        axes=np.eye(4, 2, dtype=np.float32),
        own=np.array([[1.0, 0.0], [0.8, 0.6]], dtype=np.float32),
        weights=weights,
        bias=0.0,
        words={"train": 3.0, "model": 0.0, "bread": -9.0},
    )


NEAR = np.array([1, 0, 0, 0], dtype=np.float32)
FAR = np.array([0, -1, 0, 0], dtype=np.float32)


@pytest.mark.parametrize(
    ("text", "vector", "fired"),
    [("train a model", NEAR, False), ("train a model", FAR, True), ("a model of bread", NEAR, True)],
    ids=["near", "far", "its words"],
)
def test_fires_when_vector_or_words_are_far_from_the_own_questions(
    model: ScopeModel, text: str, vector: np.ndarray, fired: bool
) -> None:
    signal = scope_signal(model, text, vector)
    assert (signal.name, signal.threshold, signal.fired) == ("scope", 0.9, fired)


def test_a_text_without_known_words_scores_nearer_to_the_threshold(model: ScopeModel) -> None:
    unknown, known = (scope_signal(model, text, FAR) for text in ("Wie backe ich Brot?", "model bread"))
    assert known.value < unknown.value < 0.9
    assert unknown.fired
    assert known.fired


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("How do I bake bread with Lamini?", "How do I bake bread?"),
        ("Can LAMINI bake bread?", "Can it bake bread?"),
        ("Is Lamini AI free?", "Is it free?"),
        ("Where is Lamini's documentation?", "Where is documentation?"),
        ("Where is lamini’s documentation?", "Where is documentation?"),
        ("Is app.lamini.ai down?", "Is it down?"),
        ("Lamini, how do I pay?", "how do I pay?"),
        ("Which Lamini models are there?", "Which models are there?"),
        ("lamini", ""),
        ("What is laminin?", "What is laminin?"),
        ("Two  spaces stay , here", "Two  spaces stay , here"),
        ("", ""),
    ],
    ids=lambda text: text or "empty",
)
def test_names_are_deleted_and_the_sentence_stays_one(text: str, short: str) -> None:
    assert delete_names(text, ["lamini"]) == short


def test_several_names_are_deleted_and_none_leaves_the_text_alone() -> None:
    assert delete_names("Does Zorbly Pro cost more than Zorbly?", ["zorbly", "zorbly pro"]) == "Does it cost more?"
    assert delete_names("Does Zorbly cost more?", ()) == "Does Zorbly cost more?"


def test_deleting_names_is_quick_on_hostile_text() -> None:
    assert delete_names("a-." * 20_000 + " lamini", ["lamini"]).endswith("-.")


@pytest.mark.parametrize(
    "change",
    [{"threshold": 1.0}, {"weights": [0.0]}, {"words": []}, {"own": {"shape": [2, 2], "step": 1.0, "int8": ""}}],
    ids=["threshold", "weights", "words", "own"],
)
def test_a_damaged_model_is_refused(model: ScopeModel, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="the scope model cannot be read"):
        ScopeModel.from_dict({**model.to_dict(), **change})


def test_a_model_without_a_part_is_refused(model: ScopeModel) -> None:
    plain = model.to_dict()
    del plain["axes"]
    with pytest.raises(ValueError, match="axes"):
        ScopeModel.from_dict(plain)
