import pytest

from support_agent.errors import ConfigError
from support_agent.generation.find_model import find_model


def test_a_model_of_an_unknown_user_is_refused() -> None:
    with pytest.raises(ConfigError, match="model is '~no-such-user/m', and no home folder is known"):
        find_model("~no-such-user/m", offline=True, on_progress=None)
