from finetune.examples import write_example
from support_agent.generation.prompt import prompt_version, write_prompt
from support_agent.records import Passage

PASSAGE = Passage("docs:1", "What is it?", "It is a test.", "docs")


def test_an_example_is_the_prompt_that_the_agent_serves_with() -> None:
    example = write_example("What?", "A test.", [PASSAGE])
    assert example.messages == write_prompt("What?", [PASSAGE]).messages
    assert (example.answer, example.prompt_version) == ("A test.", prompt_version())
