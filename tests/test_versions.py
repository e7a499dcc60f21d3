"""Deprecations: ours fail a test, other libraries' are shown."""

import sys
import types
import warnings

import pytest

SOURCE = "import warnings\n\ndef announce(kind):\n    warnings.warn('use the other', kind, stacklevel=2)\n"


def announcer(name: str) -> types.ModuleType:
    module = types.ModuleType(name)
    exec(SOURCE, module.__dict__)  # noqa: S102 - a module of that name, for what it announces
    return module


@pytest.mark.parametrize("kind", [DeprecationWarning, PendingDeprecationWarning, FutureWarning])
def test_a_deprecation_of_ours_is_an_error(kind: type[Warning]) -> None:
    with pytest.raises(kind, match="use the other"):
        announcer("support_agent.old").announce(kind)


@pytest.mark.parametrize("kind", [DeprecationWarning, PendingDeprecationWarning, FutureWarning])
def test_a_deprecation_of_another_library_is_shown_and_fails_nothing(kind: type[Warning]) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        announcer("transformers.models").announce(kind)
    assert [one.category for one in seen] == [kind]
    assert seen[0].filename == __file__


def test_any_other_warning_of_another_library_is_an_error() -> None:
    with pytest.raises(UserWarning):
        announcer("somebody").announce(UserWarning)
    assert "somebody" not in sys.modules
