from support_agent.clusters import clusters


def test_near_duplicates_stand_in_one_cluster() -> None:
    questions = ["How do I reset my password?", "Where is the invoice?", "How can I reset the password?"]
    assert clusters(questions) == [[0, 2], [1]]
