from support_agent.evaluation.page import as_html
from support_agent.evaluation.tables import SHARE, SIGNED, figure, with_interval


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
