import numpy as np

from support_agent.records import Passage
from support_agent.retrieval.topics import topics

TITLES = ["How do I get privacy for my models?", "How do I generate texts with specific formatting?"]


def test_a_topic_is_named_by_whole_words_of_its_titles() -> None:
    passages = [Passage(f"rows:{number}", TITLES[number % 2], "That.", "rows.csv") for number in range(80)]
    vectors = np.array([[1, 0] if number % 2 else [0, 1] for number in range(80)], dtype=np.float32)

    of_passage = topics(passages, vectors)

    assert of_passage["rows:0"] == "get, models, privacy"
    assert of_passage["rows:1"] == "formatting, generate, specific"
