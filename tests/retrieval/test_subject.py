import numpy as np
import pytest

from support_agent.retrieval.subject import Nearness, Subject
from support_agent.triage.scope import SHARPNESS, ScopeModel

SCOPE = ScopeModel(
    embedder="hash",
    names=("acme",),
    threshold=0.4,
    mean=np.zeros(4, dtype=np.float32),
    axes=np.eye(4, 2, dtype=np.float32),
    own=np.array([[1.0, 0.0]], dtype=np.float32),
    weights=np.zeros(len(SHARPNESS) + 1 + 2, dtype=np.float32),
    bias=0.5,
    words={"key": 1.0},
)


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("How do I get a key?", "acme: How do I get a key?"),
        ("How do I get an ACME key?", "How do I get an ACME key?"),
        ("Is Acme's key free?", "Is Acme's key free?"),
        ("How do I get a key for OpenAI?", "How do I get a key for OpenAI?"),
        ("OpenAI keys?", "OpenAI keys?"),
        ("How do I update the Python package?", "How do I update the Python package?"),
        ("Is there a REST API? Where do I find it?", "acme: Is there a REST API? Where do I find it?"),
    ],
    ids=["nameless", "named", "possessive", "another's", "another's first", "another thing", "acronyms"],
)
def test_a_ticket_that_does_not_name_the_product_is_searched_with_its_name(text: str, searched: str) -> None:
    assert Subject(product="acme").query(text) == searched


def test_without_a_product_the_text_is_searched_with() -> None:
    assert Subject().query("How do I get a key?") == "How do I get a key?"


@pytest.mark.parametrize(("near", "step"), [(0.8, 0.3), (0.4, 0.1)], ids=["a scale", "none"])
def test_the_scale_of_an_index_is_never_finer_than_a_tenth(near: float, step: float) -> None:
    assert Nearness(far=0.5, edge=0.6, near=near).step == pytest.approx(step)


def test_a_subject_read_back_is_the_subject() -> None:
    subject = Subject(("acme",), "Acme", True, SCOPE, Nearness(0.3, 0.4, 0.7), {"rows:1": 0.25})
    read = Subject.from_json(subject.to_json())
    assert read.scope is not None
    assert read.scope.to_dict() == SCOPE.to_dict()
    assert read.to_json() == subject.to_json()
    assert (read.names, read.product, read.named, read.nearness, read.left_out) == (
        subject.names,
        subject.product,
        subject.named,
        subject.nearness,
        subject.left_out,
    )


def test_a_subject_without_a_scope_model_is_read_back() -> None:
    assert Subject.from_json(Subject().to_json()) == Subject()


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"names": []}'], ids=["empty", "a list", "nothing", "too little"]
)
def test_what_is_no_subject_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        Subject.from_json(data)
