import pytest

from support_agent.cli.printing import print_table


def test_a_table_is_shown_letter_by_letter(capsys: pytest.CaptureFixture[str]) -> None:
    title, head, row = "A [bold]caption[/bold]", ["name", "value [interval]"], ["[red]x[/red] :tada:", "0.5 [0.4, 0.6]"]
    print_table(head, [row], numbers=(1,), title=title)
    shown = capsys.readouterr().out
    for text in (title, *head, *row):
        assert text in shown
