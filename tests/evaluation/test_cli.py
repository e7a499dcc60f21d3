import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from support_agent.cli import app

from .conftest import PAIRS, SHOP_GOLDEN, write_rows


def test_run_scores_writes_a_folder_and_a_page(shop: CliRunner) -> None:
    done = shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "out", "--report", "out.html", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["overall"]["scores"]["right"] == {"value": 1.0, "low": None, "high": None, "n": 3}
    assert found["overall"]["scores"]["citation_precision"]["value"] == 1.0
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "golden.jsonl",
        "manifest.json",
        "outcomes.jsonl",
        "scores.json",
    ]
    assert Path("out.html").read_text("utf-8").startswith("<!doctype html>")


def test_two_runs_of_one_agent_are_no_change(shop: CliRunner) -> None:
    for name in ("first", "second"):
        assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", name]).exit_code == 0
    done = shop.invoke(app, ["eval", "compare", "first", "second"])
    assert done.exit_code == 0
    assert "0 differ beyond chance; 0 tickets went another way." in done.stdout


@pytest.mark.parametrize(("slice_name", "code"), [("own", 1), ("far", 0)], ids=["worse", "not worse"])
def test_compare_ends_with_one_for_a_named_slice_that_is_worse(shop: CliRunner, slice_name: str, code: int) -> None:
    write_rows(Path("golden.jsonl"), [{**SHOP_GOLDEN[0], "id": f"key-{n}"} for n in range(6)] + SHOP_GOLDEN[2:])
    done = compare_with_a_foreign_index(shop, slice_name)
    assert done.exit_code == code
    assert re.search(r"key-0 +answer \(right\) +human \(wrong\)", done.stdout)


def test_a_named_slice_of_two_tickets_does_not_fail_but_is_told_of(shop: CliRunner) -> None:
    done = compare_with_a_foreign_index(shop, "own")
    assert done.exit_code == 0
    assert "Changed for the worse, but in too few tickets to tell: own." in done.stderr


def compare_with_a_foreign_index(shop: CliRunner, slice_name: str) -> Result:
    write_rows(Path("bikes.jsonl"), [{"question": "Do you mend tyres?", "answer": "Yes, every Monday."}])
    assert shop.invoke(app, ["index", "build", "bikes", "bikes.jsonl", "--embedder", "hashing"]).exit_code == 0
    assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "first"]).exit_code == 0
    assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "second", "-i", "bikes"]).exit_code == 0
    return shop.invoke(app, ["eval", "compare", "first", "second", "--slice", slice_name])


def test_without_a_folder_the_result_goes_under_the_sets_name(shop: CliRunner) -> None:
    for _ in range(2):
        done = shop.invoke(app, ["eval", "run", "golden.jsonl", "--report", "out.html"])
        assert done.exit_code == 0, done.output
        assert "Written: runs/golden, out.html" in done.stderr
    write_rows(Path("golden.jsonl"), SHOP_GOLDEN[:2])
    refused = shop.invoke(app, ["eval", "run", "golden.jsonl"])
    assert refused.exit_code == 1
    assert "runs/golden holds a run of another golden set" in str(refused.exception)


def test_a_result_says_that_no_drift_was_watched(shop: CliRunner) -> None:
    assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "out"]).exit_code == 0
    assert json.loads(Path("out/manifest.json").read_text())["drift_watch"] == "off"
    audited = shop.invoke(app, ["eval", "audit", "golden.jsonl", "--json"])
    assert json.loads(audited.stdout)["drift_watch"] == "off"


@pytest.mark.parametrize(("about", "right"), [("supported", 1.0), ("agrees", 2 / 3)])
def test_the_labels_of_calibrate_can_be_used(shop: CliRunner, about: str, right: float) -> None:
    assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "out"]).exit_code == 0
    read = {"question": PAIRS[0]["question"], "sent": PAIRS[0]["answer"], "supported": True, "agrees": False}
    write_rows(Path("labels.jsonl"), [{"id": "shop:1", **read}])
    done = shop.invoke(app, ["eval", "score", "out", "--labels", "labels.jsonl", "--about", about, "--json"])
    found = json.loads(done.stdout)
    assert found["overall"]["scores"]["right"]["value"] == pytest.approx(right, abs=1e-6)
    assert found["labelled"] == 1
    assert "Of 1 labels 1 are of texts that were or would be sent." in done.stderr


def test_labels_change_what_is_right_without_asking_again(shop: CliRunner) -> None:
    assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "out"]).exit_code == 0
    Path("labels.jsonl").write_text('{"id": "key", "right": false}\n{"id": "plan", "right": false}\n')
    done = shop.invoke(app, ["eval", "score", "out", "--labels", "labels.jsonl", "--json"])
    assert json.loads(done.stdout)["overall"]["scores"]["right"]["value"] == pytest.approx(1 / 3, abs=1e-6)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([{"id": "nobody", "right": True}], "None of the 1 labels of labels.jsonl is of a ticket", id="id"),
        pytest.param(
            [{"id": "nobody", "question": "Who?", "sent": "x", "supported": True, "agrees": None}],
            "None of the 1 labels of labels.jsonl is of a ticket",
            id="id and question",
        ),
        pytest.param(
            [{"id": "key", "question": "Who?", "sent": "x", "supported": True, "agrees": None}],
            "None of the 1 labels of labels.jsonl is of a ticket",
            id="an id of the set, on another question",
        ),
        pytest.param(
            [{"id": "key", "question": "Who?", "sent": "x", "supported": None, "agrees": True}],
            "labels.jsonl holds no label about 'supported'",
            id="nothing said",
        ),
        pytest.param(
            [{"id": "key", "right": True, "text": "Never sent."}],
            "None of the labels of labels.jsonl is of a text that this run sent",
            id="another text",
        ),
        pytest.param([], "labels.jsonl holds no label about 'supported'. Leave --labels out", id="empty"),
    ],
)
def test_labels_that_would_change_nothing_are_refused(
    shop: CliRunner, rows: list[dict[str, object]], message: str
) -> None:
    assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "out"]).exit_code == 0
    write_rows(Path("labels.jsonl"), rows)
    before = Path("out/scores.json").read_bytes()
    done = shop.invoke(app, ["eval", "score", "out", "--labels", "labels.jsonl"])
    assert done.exit_code == 1
    assert message in str(done.exception)
    assert Path("out/scores.json").read_bytes() == before


def test_labels_of_which_few_are_of_the_set_are_counted(shop: CliRunner, caplog: pytest.LogCaptureFixture) -> None:
    assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "out"]).exit_code == 0
    write_rows(Path("labels.jsonl"), [{"id": name, "right": True} for name in ("key", "x", "y")])
    done = shop.invoke(app, ["eval", "score", "out", "--labels", "labels.jsonl"])
    assert done.exit_code == 0
    assert "Only 1 of the 3 labels of labels.jsonl are of a ticket of golden." in caplog.text


def test_a_relevant_passage_that_the_index_lacks_is_refused_before_any_ticket_is_asked(shop: CliRunner) -> None:
    write_rows(Path("golden.jsonl"), [{**SHOP_GOLDEN[0], "relevant_ids": ["shop:99"]}])
    done = shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "out"])
    assert done.exit_code == 1
    assert "ticket 'key' has 'shop:99' in relevant_ids" in str(done.exception)
    assert not Path("out").exists()


@pytest.mark.parametrize("command", ["run", "audit"])
def test_a_closed_gate_is_said_before_the_figures(shop: CliRunner, command: str) -> None:
    done = shop.invoke(app, ["eval", command, "golden.jsonl", "--calibration", "auto", "--report", "out.html"])
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("The gate is closed: ")
    assert "<p>The gate is closed: " in Path("out.html").read_text("utf-8")


def test_an_open_gate_is_not_called_closed(shop: CliRunner) -> None:
    done = shop.invoke(app, ["eval", "run", "golden.jsonl"])
    assert "The gate is closed" not in done.stderr


def test_audit_prints_its_comparisons_and_writes_a_page(shop: CliRunner) -> None:
    done = shop.invoke(app, ["eval", "audit", "golden.jsonl", "--report", "audit.html", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["tickets"] == 2
    assert {effect["family"] for effect in found["effects"]} == {"names", "tone", "dialect", "typing"}
    assert Path("audit.html").is_file()
