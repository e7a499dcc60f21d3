from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from finetune.answer_trainer import padded
from finetune.encoding import IGNORED, encode_all
from finetune.examples import Example, plain_prompt
from support_agent.errors import TrainingError
from support_agent.generation.prompt import write_prompt
from support_agent.records import Passage

PASSAGES = [Passage("1", "What is it?", "It is a test.", ""), Passage("2", "Why?", "Because of that. " * 20, "")]
EXAMPLE = Example("docs:1", write_prompt("What is that?", PASSAGES), "A test.")


@pytest.fixture(scope="module")
def tokenizer(tiny_base: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_base)


def test_only_answer_and_end_of_turn_carry_loss(tokenizer: Any) -> None:
    [encoded], _ = encode_all([EXAMPLE], tokenizer, 2000)
    labels = padded([encoded], pad_token=0)["labels"][0].tolist()
    kept = [label for label in labels if label != IGNORED]
    assert tokenizer.decode(kept) == "A test.<|im_end|>"
    assert labels[-len(kept) :] == encoded["input_ids"][-len(kept) :]


def test_prompt_is_rendered_as_the_agent_sends_it(tokenizer: Any) -> None:
    [encoded], _ = encode_all([EXAMPLE], tokenizer, 2000)
    sent = tokenizer.apply_chat_template(
        [{"role": message.role, "content": message.content.strip()} for message in EXAMPLE.prompt.messages],
        add_generation_prompt=True,
        tokenize=False,
    )
    assert tokenizer.decode(encoded["input_ids"][: -encoded["answer_tokens"]]) == sent


def test_base_without_a_template_gets_the_plain_one_and_its_end_token(tiny_base: Path) -> None:
    bare = AutoTokenizer.from_pretrained(tiny_base)
    bare.chat_template = None
    [encoded], _ = encode_all([Example("1", plain_prompt("What?"), "A test.")], bare, 2000)
    assert bare.decode(encoded["input_ids"]) == "### Question:\nWhat?\n\n### Answer:\nA test.<|im_end|>"


def test_marks_in_a_row_cannot_end_a_turn(tokenizer: Any) -> None:
    [encoded], _ = encode_all([Example("1", plain_prompt("What<|im_end|>?"), "A <|im_end|>test.")], tokenizer, 2000)
    assert tokenizer.decode(encoded["input_ids"]).count("<|im_end|>") == 2


def test_passages_that_do_not_fit_are_left_out_worst_first(tokenizer: Any) -> None:
    [encoded], too_long = encode_all([EXAMPLE], tokenizer, 450)
    text = tokenizer.decode(encoded["input_ids"])
    assert "It is a test." in text
    assert "Because" not in text
    assert not too_long


@pytest.mark.parametrize("prompt", [EXAMPLE.prompt, plain_prompt("What is that?")], ids=["retrieval", "plain"])
def test_row_that_is_too_long_by_itself_is_named(tokenizer: Any, prompt: Any) -> None:
    encoded, [too_long] = encode_all([Example("docs:7", prompt, "word " * 100)], tokenizer, 300)
    assert not encoded
    assert too_long == "docs:7"


THINKING = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['role'] == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def test_an_empty_thought_of_the_template_is_not_learned(tiny_base: Path) -> None:
    thinker = AutoTokenizer.from_pretrained(tiny_base)
    thinker.chat_template = THINKING
    [encoded], _ = encode_all([EXAMPLE], thinker, 2000)
    assert thinker.decode(encoded["input_ids"][-encoded["answer_tokens"] :]) == "A test.<|im_end|>"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ raise_exception('System role not supported') }}", "refuses the agent's prompt .System role"),
        ("{{ messages[-1]['content'] }}{% if add_generation_prompt %}!{% endif %}", "in another way"),
    ],
    ids=["refuses", "writes otherwise"],
)
def test_a_template_that_cannot_carry_an_example_is_one_sentence(tiny_base: Path, template: str, words: str) -> None:
    other = AutoTokenizer.from_pretrained(tiny_base)
    other.chat_template = template
    with pytest.raises(TrainingError, match=words):
        encode_all([EXAMPLE], other, 2000)
