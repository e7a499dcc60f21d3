from support_agent.clusters import clusters, group_numbers


def test_near_duplicates_stand_in_one_cluster() -> None:
    questions = ["How do I reset my password?", "Where is the invoice?", "How can I reset the password?"]
    assert clusters(questions) == [[0, 2], [1]]


def test_each_question_gets_the_number_of_its_group() -> None:
    questions = ["How do I reset my password?", "Where is the invoice?", "How can I reset the password?"]
    assert group_numbers(questions) == [0, 1, 0]
