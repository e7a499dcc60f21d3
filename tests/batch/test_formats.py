from pathlib import Path

import pytest

from support_agent.batch import find_columns, parse_mapping
from support_agent.errors import BatchError
from support_agent.tables import TableRow

SOURCE = Path("in.csv")

KNOWN = {
    "zendesk": (
        "Ticket ID,Subject,Description,Status",
        {"text": "Description", "subject": "Subject", "id": "Ticket ID"},
    ),
    "zendesk_id": ("Id,Subject,Description", {"text": "Description", "subject": "Subject", "id": "Id"}),
    "freshdesk": (
        "Ticket ID,Subject,Status,Priority,Description,Agent",
        {"text": "Description", "subject": "Subject", "id": "Ticket ID"},
    ),
    "jira": (
        "Summary,Issue key,Issue id,Labels,Labels,Description,Comment,Comment",
        {"text": "Description", "subject": "Summary", "id": "Issue key"},
    ),
    "kaggle_support": (
        "Ticket ID,Customer Name,Ticket Type,Ticket Subject,Ticket Description,Resolution",
        {"text": "Ticket Description", "subject": "Ticket Subject", "id": "Ticket ID"},
    ),
    "kaggle_multilingual": ("subject,body,answer,type,queue,language", {"text": "body", "subject": "subject"}),
    "twcs": (
        "tweet_id,author_id,inbound,created_at,text,response_tweet_id",
        {"text": "text", "id": "tweet_id", "inbound": "inbound"},
    ),
    "bitext": ("flags,instruction,category,intent,response", {"text": "instruction"}),
    "questions": ("id,question", {"text": "question", "id": "id"}),
    "question_answer": ("question,answer", {"text": "question"}),
    "texts": ("text,label", {"text": "text"}),
    "messages": ("MESSAGE,when", {"text": "MESSAGE"}),
    "message_body": ("ID,Message body,Created at", {"text": "Message body", "id": "ID"}),
    "ticket_text": ("Ticket Text,Subject", {"text": "Ticket Text", "subject": "Subject"}),
    "one_column": ("complaint", {"text": "complaint"}),
    "case_spaces_underscores": ("ticket_id,TICKET_SUBJECT, Ticket Description ", None),
    "nameless_column": (",question", {"text": "question"}),
}

MAPPED = {
    "text": (["text=b"], {"text": "b"}),
    "text_and_id": (["text=b", "id=a"], {"text": "b", "id": "a"}),
    "subject_too": (["text=Description"], {"text": "Description", "subject": "Subject"}),
    "no_subject": (["text=Description", "subject="], {"text": "Description"}),
    "by_plain_name": (["text=DESCRIPTION", "subject=a"], {"text": "Description", "subject": "a"}),
}

REFUSED = {
    "none": ("a,b", {}, ["no column is known", "'a', 'b'", "with --map text=COLUMN."]),
    "no_names": (",,", {}, ["line 1", "none of its 3 columns has a name", "the word question"]),
    "first_nameless": (",a,b", {}, ["no column is known", "with --map text=COLUMN."]),
    "several": ("question,text", {}, ["several columns", "text=question", "text=text", "--map"]),
    "two_subjects": ("Summary,Subject,Description", {}, ["several columns", "Jira", "Zendesk"]),
    "absent": ("a,b", {"text": "c"}, ["no column 'c'", "'a', 'b'"]),
    "twice": ("text,id,Text", {}, ["line 1", "columns 1 ('text') and 3 ('Text')"]),
    "mapped_twice": ("a,b,a", {"text": "a"}, ["columns 1 ('a') and 3 ('a')"]),
    "no_header": ("How do I log in?", {}, ["line 1", "reads like a ticket"]),
}


@pytest.mark.parametrize(("header", "expected"), KNOWN.values(), ids=KNOWN.keys())
def test_finds_the_columns_of_known_exports(header: str, expected: dict[str, str] | None) -> None:
    names = header.split(",")
    found = find_columns(SOURCE, names, {}).describe(names)
    assert found == (expected or {"text": names[2], "subject": names[1], "id": names[0]})


@pytest.mark.parametrize(("options", "expected"), MAPPED.values(), ids=MAPPED.keys())
def test_a_mapping_by_hand_wins(options: list[str], expected: dict[str, str]) -> None:
    names = ["a", "b", "Subject", "Description"]
    assert find_columns(SOURCE, names, parse_mapping(options)).describe(names) == expected


@pytest.mark.parametrize(("header", "mapping", "parts"), REFUSED.values(), ids=REFUSED.keys())
def test_says_what_to_type_when_the_columns_are_unclear(header: str, mapping: dict[str, str], parts: list[str]) -> None:
    with pytest.raises(BatchError) as caught:
        find_columns(SOURCE, header.split(","), mapping)
    assert [part for part in parts if part not in str(caught.value)] == []


OFFERED = {
    "the text, not the id": ("ID,What they said", "1,Where is my parcel now?", '--map text="What they said".'),
    "the text, not the number": ("Order number,Words", "a b c d e,Where is my parcel now?", "--map text=Words."),
    "the text, not the date": ("createdDate,Words", "Mon 5 Jan 2026,Where is my parcel now?", "--map text=Words."),
    "words without spaces": ("ID,内容", "1,我的包裹现在在哪里请告诉我谢谢", "--map text=内容."),
    "nothing where all cells are short": ("Agent,State", "Ann,open", "with --map text=COLUMN."),
    "nothing but an id": ("ID,Agent", "a b c d e,Ann", "with --map text=COLUMN."),
}


@pytest.mark.parametrize(("header", "row", "offered"), OFFERED.values(), ids=OFFERED.keys())
def test_offers_only_a_column_that_reads_like_tickets(tmp_path: Path, header: str, row: str, offered: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"{header}\n{row}\n", "utf-8")
    with pytest.raises(BatchError) as caught:
        find_columns(source, header.split(","), {})
    assert str(caught.value).endswith(offered)


@pytest.mark.parametrize("option", ["text", "text=", "body=x", ""])
def test_refuses_a_mapping_that_is_not_role_and_column(option: str) -> None:
    with pytest.raises(ValueError, match="text=COLUMN"):
        parse_mapping([option])


@pytest.mark.parametrize(("inbound", "is_our_own"), [("True", False), ("", False), ("False", True)])
def test_only_customers_tweets_are_tickets(inbound: str, is_our_own: bool) -> None:
    columns = find_columns(SOURCE, ["tweet_id", "inbound", "text"], {})
    assert columns.is_our_own(TableRow(1, 2, ("1", inbound, "hi"))) is is_our_own


def test_a_ticket_takes_text_subject_and_id_from_its_row() -> None:
    ticket = find_columns(SOURCE, ["Id", "Subject", "Description"], {}).ticket(
        TableRow(1, 2, ("007", "Bill", "Too high"))
    )
    assert (ticket.ticket_id, ticket.body) == ("007", "Bill\n\nToo high")
