"""The committed reference of the command line, made anew."""

from pathlib import Path

import support_agent.cli
from support_agent.cli.reference import reference


def test_the_committed_reference_is_what_the_commands_say() -> None:
    page = Path(support_agent.cli.__file__).with_name("README.md")
    made = "make it anew: python -m support_agent.cli.reference > support_agent/cli/README.md"
    assert page.read_text("utf-8") == reference(), made


def test_every_command_has_a_section_with_its_options() -> None:
    page = reference()
    for command in ("ask", "batch", "index build", "eval run", "finetune run", "config texts"):
        assert f"# `support-agent {command}`\n" in page
    assert "* `-o, --output OUT.csv`: Where the answered file goes; not needed with --dry-run." in page
