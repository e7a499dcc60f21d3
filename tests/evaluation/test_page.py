import io

from rich.console import Console

from support_agent.evaluation.page import Table, as_html, as_rich
from support_agent.evaluation.tables import SHARE, SIGNED, figure, with_interval

TABLE = Table("A [bold]caption[/bold]", ["name", "value [interval]"], [["[red]x[/red] :tada:", "0.5 [0.4, 0.6]"]], (1,))


def test_a_terminal_shows_a_table_letter_by_letter() -> None:
    console = Console(file=io.StringIO(), width=60)
    console.print(as_rich(TABLE))
    written = console.file.getvalue()  # type: ignore[attr-defined]
    for text in (TABLE.caption, *TABLE.head, *TABLE.rows[0]):
        assert text in written


def test_a_figure_without_a_value_is_a_dash() -> None:
    assert (figure(None), with_interval(None), with_interval({"value": None})) == ("–", "–", "–")


def test_a_score_a_share_and_a_difference_each_have_their_form() -> None:
    found = {"value": 0.25, "low": -0.5, "high": 0.5, "n": 9}
    assert with_interval(found) == "0.250 [-0.500, 0.500]"
    assert with_interval(found, SHARE) == "25.0% [-50.0%, 50.0%]"
    assert with_interval(found, SIGNED) == "+0.250 [-0.500, +0.500]"
    assert with_interval({**found, "low": None}) == "0.250 (n 9)"


def test_a_page_escapes_its_title_and_summary() -> None:
    page = as_html("page.html", "<b>", "<script>", [])
    assert b"&lt;b&gt;" in page
    assert b"<script" not in page
