from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from support_agent.errors import EvaluationError
from support_agent.evaluation.compare import OVERALL, TOO_FEW, check_slices, compare, sign_test
from support_agent.evaluation.golden import GoldenSet, GoldenTicket
from support_agent.evaluation.judging import AnswerJudge
from support_agent.evaluation.report import result_page
from support_agent.evaluation.results import Result, default_folder, read_result, write_result
from support_agent.evaluation.run import Outcome, read_outcomes
from support_agent.evaluation.scores import score
from support_agent.records import Reason

from .conftest import FACTS, make_golden, make_outcome, write_rows


def result_of(golden: GoldenSet, outcomes: list[Outcome], judge: AnswerJudge | None = None) -> Result:
    manifest = {**FACTS, "files": {}}
    return Result(Path("run"), golden, tuple(outcomes), score(golden, outcomes, judge or AnswerJudge()), manifest)


def test_a_result_is_read_as_it_was_written(folder: Path, golden: GoldenSet, outcomes: list[Outcome]) -> None:
    result = read_result(folder)
    assert (result.golden.sha256, list(result.outcomes)) == (golden.sha256, outcomes)
    assert result.scores["overall"] == score(golden, outcomes, AnswerJudge())["overall"]


@pytest.mark.parametrize("name", ["golden.jsonl", "outcomes.jsonl", "scores.json"])
def test_a_changed_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes().replace(b"a", b"b", 1))
    with pytest.raises(EvaluationError, match="changed or damaged. Run `support-agent eval run` again"):
        read_result(folder)


@pytest.mark.parametrize("reason", [Reason.NOT_PROVEN_YET, Reason.RENEWAL_DUE])
def test_the_page_says_first_that_the_gate_was_closed_and_why(golden: GoldenSet, reason: Reason) -> None:
    shut = [make_outcome(ticket.id, reasons=(reason,)) for ticket in golden.tickets[:4]]
    page = result_page(result_of(golden, [*shut, make_outcome("e", reasons=("danger_legal",))])).decode()
    assert "<p>The gate is closed: 4 of 5 tickets went to a person for that alone" in page
    assert reason.staff in page


def test_a_run_that_answered_something_says_nothing_of_a_closed_gate(
    golden: GoldenSet, outcomes: list[Outcome]
) -> None:
    assert "The gate is closed" not in result_page(result_of(golden, outcomes)).decode()


def test_two_pages_of_one_result_are_the_same_bytes(folder: Path) -> None:
    assert result_page(read_result(folder)) == result_page(read_result(folder))


def test_the_page_fetches_nothing_and_runs_nothing(folder: Path) -> None:
    page = result_page(read_result(folder)).decode()
    assert "<script" not in page
    assert "src=" not in page
    assert "<link" not in page
    assert page.count("<svg") == 2


def test_on_a_narrow_screen_pictures_and_tables_scroll_and_their_captions_do_not(folder: Path) -> None:
    page = result_page(read_result(folder)).decode()
    assert "<caption" not in page
    assert page.count('<div class="scroll"><svg') == page.count("<figure") == 2
    assert page.count("<table aria-label=") == page.count("<table")


def test_every_picture_is_told_in_words(folder: Path) -> None:
    page = result_page(read_result(folder)).decode()
    assert page.count('role="img" aria-label="') == page.count("<figure") == 2
    assert 'aria-label=""' not in page


def test_the_page_says_at_the_top_how_it_went(folder: Path) -> None:
    page = result_page(read_result(folder)).decode()
    assert "Of 5 tickets 60.0% were answered; 33.3% of the answers were wrong, 10.0% are allowed." in page


ATTACK = "<script>alert(1)</script><svg onload='x'>\"' & $\\frac{1}$ {{ 7*7 }}"


def test_what_stands_in_tickets_tags_and_answers_is_escaped() -> None:
    ticket = GoldenTicket(ATTACK, ATTACK, True, reference=ATTACK + " x", tags=(ATTACK,))
    wrong = GoldenTicket("b", ATTACK, False, tags=("b",))
    outcomes = [
        make_outcome(ATTACK, "answer", text=ATTACK, draft=ATTACK, reasons=(ATTACK,), timings_ms={ATTACK: 2.0}),
        make_outcome("b", "answer", text=ATTACK, draft=ATTACK),
    ]
    page = result_page(result_of(make_golden([ticket, wrong]), outcomes)).decode()
    assert "<script" not in page
    assert "<svg onload" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page


def test_half_a_surrogate_pair_does_not_stop_the_page_nor_the_folder(tmp_path: Path) -> None:
    golden = make_golden([GoldenTicket("a", "x", False, tags=("t",))])
    outcomes = [make_outcome("a", "answer", text="broken \ud83d here", draft="broken \ud83d here")]
    assert b"broken ? here" in result_page(result_of(golden, outcomes))
    row = b'{"id": "a", "question": "x", "answerable": false}\n'
    write_result(tmp_path / "run", row, outcomes, score(golden, outcomes, AnswerJudge()), FACTS)
    assert read_result(tmp_path / "run").outcomes[0].text == "broken \ud83d here"


def test_a_run_without_any_text_still_makes_a_page(golden: GoldenSet) -> None:
    silent = [make_outcome(ticket.id, timings_ms={}) for ticket in golden.tickets]
    assert b"no ticket was answered" in result_page(result_of(golden, silent))


def many(share_right: float) -> tuple[GoldenSet, list[Outcome]]:
    """40 tickets of two slices; the first ``share_right`` of each slice are answered rightly, the others wrongly."""
    tickets = [
        GoldenTicket(f"{n}", "?", True, reference="yes", tags=("even" if n % 2 == 0 else "odd",)) for n in range(40)
    ]
    texts = ["yes" if n // 2 < 20 * share_right else "no" for n in range(40)]
    return make_golden(tickets), [
        make_outcome(ticket.id, "answer", text=text, confidence=0.5)
        for ticket, text in zip(tickets, texts, strict=True)
    ]


def test_a_run_compared_with_itself_is_no_change(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    found = compare(result_of(golden, outcomes), result_of(golden, outcomes))
    assert {difference.verdict for difference in found.differences} == {"same"}
    assert {difference.difference for difference in found.differences} == {0.0}
    assert (found.moved, found.worse_slices()) == ((), [])


def test_a_fall_beyond_chance_is_worse_in_every_slice() -> None:
    found = compare(result_of(*many(0.9)), result_of(*many(0.4)))
    assert found.worse_slices() == [OVERALL, "even", "odd"]
    assert found.worse_slices(["odd"]) == ["odd"]


def test_a_rise_is_better_and_no_slice_is_worse() -> None:
    found = compare(result_of(*many(0.4)), result_of(*many(0.9)))
    assert found.worse_slices() == []
    assert ("right", "better") in {(d.score, d.verdict) for d in found.differences}


def test_one_ticket_of_forty_is_within_chance() -> None:
    assert compare(result_of(*many(0.9)), result_of(*many(0.85))).worse_slices() == []


def test_the_difference_is_second_minus_first() -> None:
    first = compare(result_of(*many(0.9)), result_of(*many(0.4))).differences[0]
    assert (first.slice, first.score, first.first, first.second, first.difference) == (
        "all tickets",
        "right",
        0.9,
        0.4,
        -0.5,
    )


def test_tickets_that_went_another_way_are_listed(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    changed = [*outcomes[:2], make_outcome("c", "human"), *outcomes[3:]]
    moved = compare(result_of(golden, outcomes), result_of(golden, changed)).moved
    assert [(m.id, m.first_route, m.second_route, m.first_right, m.second_right) for m in moved] == [
        ("c", "answer", "human", False, True)
    ]


def test_runs_of_two_golden_sets_are_not_compared(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    other, answers = many(0.5)
    with pytest.raises(EvaluationError, match="two golden sets"):
        compare(result_of(golden, outcomes), result_of(other, answers))


def test_runs_judged_in_two_ways_are_not_compared(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    with pytest.raises(EvaluationError, match="judged in two ways"):
        compare(result_of(golden, outcomes), result_of(golden, outcomes, AnswerJudge(right_f1=0.9)))


def test_an_unknown_slice_is_refused_with_those_there_are(golden: GoldenSet, outcomes: list[Outcome]) -> None:
    with pytest.raises(EvaluationError, match="no slice 'owm'; it has: all tickets, own, far, danger, trap"):
        check_slices(result_of(golden, outcomes), ["owm"])


def turned(n: int, worse: int, better: int = 0) -> tuple[Result, Result]:
    """Two runs of one slice of ``n`` tickets, of which some became wrong and some right."""
    golden = make_golden([GoldenTicket(f"{at}", "?", True, reference="yes", tags=("one",)) for at in range(n)])
    texts = ["no"] * better + ["yes"] * (n - better), ["yes"] * (n - worse) + ["no"] * worse
    first, second = (
        [make_outcome(f"{at}", "answer", text=text, confidence=0.5) for at, text in enumerate(row)] for row in texts
    )
    return result_of(golden, first), result_of(golden, second)


@pytest.mark.parametrize(
    ("n", "worse", "better", "verdict"),
    [
        pytest.param(1, 1, 0, TOO_FEW, id="the only ticket"),
        pytest.param(2, 2, 0, TOO_FEW, id="both of two"),
        pytest.param(30, 1, 0, "same", id="one of thirty"),
        pytest.param(30, 4, 0, TOO_FEW, id="four of thirty"),
        pytest.param(30, 5, 0, "worse", id="five of thirty"),
        pytest.param(30, 10, 8, "same", id="ten of thirty against eight"),
        pytest.param(30, 14, 2, "worse", id="fourteen of thirty against two"),
        pytest.param(30, 0, 10, "better", id="ten of thirty the other way"),
    ],
)
def test_a_slice_is_worse_only_where_enough_tickets_changed(n: int, worse: int, better: int, verdict: str) -> None:
    found = compare(*turned(n, worse, better))
    assert {d.slice: d.verdict for d in found.differences if d.score == "right"} == {OVERALL: verdict, "one": verdict}


@pytest.mark.parametrize(("n", "worse", "untold"), [(1, [], ["one"]), (30, ["one"], [])], ids=["one", "thirty"])
def test_a_named_slice_is_worse_or_said_to_be_too_small(n: int, worse: list[str], untold: list[str]) -> None:
    found = compare(*turned(n, worse=n))
    assert (found.worse_slices(["one"]), found.untold_slices(["one"])) == (worse, untold)


def test_a_slice_under_five_tickets_has_no_interval() -> None:
    assert {(d.low, d.high) for d in compare(*turned(4, worse=4)).differences} == {(None, None)}


@pytest.mark.parametrize(
    ("rose", "fell", "p"), [(0, 0, 1.0), (1, 0, 0.5), (0, 5, 1 / 32), (2, 2, 11 / 16)], ids=["0-0", "1-0", "0-5", "2-2"]
)
def test_sign_test_by_hand(rose: int, fell: int, p: float) -> None:
    assert sign_test(rose, fell) == p


def test_the_page_shows_no_interval_where_tickets_are_too_few(folder: Path) -> None:
    page = result_page(read_result(folder)).decode()
    assert "50.0% (n 2)" in page
    assert "None" not in page
    assert "nan" not in page


def test_the_page_tells_a_suggestion_from_a_draft_that_could_not_be_sent() -> None:
    golden = make_golden([GoldenTicket(name, "?", True, reference="x") for name in "ab"])
    outcomes = [make_outcome("a", draft="raw one", suggestion="cut one"), make_outcome("b", draft="raw two")]
    page = result_page(result_of(golden, outcomes)).decode()
    assert "cut one" in page
    assert "raw one" not in page
    assert "Nothing could be sent; the draft: raw two" in page


@pytest.mark.parametrize(
    ("tokens", "words"),
    [({"generation": 41}, "Tokens generated"), ({}, "this generator counts no tokens")],
    ids=["counted", "not counted"],
)
def test_the_page_gives_generated_tokens_where_they_are_counted(tokens: dict[str, int], words: str) -> None:
    golden = make_golden([GoldenTicket("a", "?", True, reference="x")])
    page = result_page(result_of(golden, [make_outcome("a", "answer", text="x", tokens=tokens)])).decode()
    assert words in page


def test_outcomes_of_earlier_versions_are_read(tmp_path: Path) -> None:
    old = {**asdict(make_outcome("a")), "words": {"draft": 0, "sent": 0}}
    del old["tokens"], old["suggestion"]
    path = write_rows(tmp_path / "outcomes.jsonl", [old])
    assert read_outcomes(path) == [make_outcome("a")]


def test_a_run_without_a_folder_goes_where_its_set_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: GoldenSet, outcomes: list[Outcome]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_folder("made", golden) == Path("runs/made")
    facts = {**FACTS, "set_sha256": golden.sha256}
    write_result(Path("runs/made"), b"", outcomes, {}, facts)
    assert default_folder("made", golden) == Path("runs/made")
    with pytest.raises(EvaluationError, match="runs/made holds a run of another golden set .* Give --output"):
        default_folder("made", make_golden([]))


@pytest.mark.parametrize("name", ["golden.jsonl", "outcomes.jsonl", "scores.json"])
def test_a_manifest_that_leaves_out_a_file_that_is_read_is_refused(
    folder: Path, unlist: Callable[[Path, str], None], name: str
) -> None:
    unlist(folder, name)
    with pytest.raises(EvaluationError, match=f"does not list {name}"):
        read_result(folder)
