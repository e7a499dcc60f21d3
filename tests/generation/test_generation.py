import subprocess
import sys
from typing import get_args

import pytest

from support_agent import generation
from support_agent.config import Config, GeneratorName


def test_every_name_a_setting_may_have_can_be_opened() -> None:
    assert set(generation._OPENERS) == set(get_args(GeneratorName))


@pytest.mark.parametrize("name", ["extractive", "scripted"])
def test_opens_the_generators_without_a_model(name: GeneratorName) -> None:
    assert generation.open_generator(Config(generator=name)).name == name


def test_importing_the_room_loads_no_engine() -> None:
    heavy = "torch transformers openvino openvino_genai gguf langchain langchain_core peft"
    code = f"import sys, support_agent.generation; print(*sorted(set('{heavy}'.split()) & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == ""
