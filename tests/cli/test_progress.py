import pytest

from support_agent.cli.progress import counted_progress, download_progress
from support_agent.models import Progress


def test_progress_off_a_terminal_is_one_line_for_each_file(capsys: pytest.CaptureFixture[str]) -> None:
    with download_progress() as on_progress:
        on_progress(Progress("tiny", "weights.bin", 1, 1000, "hub owner/repo"))
        on_progress(Progress("tiny", "weights.bin", 1000, 1000, "hub owner/repo"))
        on_progress(Progress("tiny", "", 0, None, "hub owner/repo", "hub owner/repo is passed over"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "fetching weights.bin (1.0 kB) from hub owner/repo",
        "hub owner/repo is passed over",
    ]


def test_nothing_is_shown_when_nothing_is_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    with download_progress():
        pass
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with download_progress() as on_progress:
        on_progress(Progress("tiny", "weights.bin", 1000, 1000, "hub owner/repo"))
    err = capsys.readouterr().err
    assert "weights.bin" in err
    assert "1.0/1.0 kB" in err


def test_counted_steps_are_silent_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with counted_progress("tickets") as tickets:
        tickets.show(1, 2)
    assert capsys.readouterr() == ("", "")


def test_counted_steps_are_lines_now_and_then_where_lines_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with counted_progress("step", line_every_s=60) as steps:
        for done in (1, 2, 3):
            steps.show(done, 3, f"loss 0.{done}")
        steps.say("saving")
    assert capsys.readouterr().err.splitlines() == ["step 1/3  loss 0.1", "step 3/3  loss 0.3", "saving"]


def test_counted_steps_are_a_bar_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with counted_progress("tickets") as tickets:
        tickets.show(1, 2, "1 answered")
    err = capsys.readouterr().err
    assert "tickets" in err
    assert "1/2" in err
    assert "1 answered" in err
