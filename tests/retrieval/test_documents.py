"""Documents cut into passages: Markdown, text, HTML, PDF."""

import sys
from pathlib import Path

import pytest

from support_agent.errors import DocumentError
from support_agent.records import Passage
from support_agent.retrieval import read_sources
from support_agent.retrieval.documents import PIECE_CHARS

MARKDOWN = """Before any heading.

# Guide

Welcome.

## Install

Run pip.

```
# not a heading
pip install x
```

## Use

Call it.
"""
HTML = """<html><head><title>t</title><style>p {}</style><script>var x = "secret"</script></head>
<body><nav>Home | About</nav><h1>Guide <em>one</em></h1><p>Welcome to   <b>the</b> guide.</p>
<h2>Install</h2><ul><li>Get pip</li><li>Run it</li></ul><pre>pip install x
  --yes</pre><h1>Other</h1><p>End.</p><footer>(c) us</footer></body></html>"""


def passages(tmp_path: Path, name: str, content: str | bytes) -> tuple[Passage, ...]:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_sources([path])[0].passages


def pdf(*pages: str) -> bytes:
    """A minimal PDF with one line of text on each page; "" is a page without text, as in a scan."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET" if text else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return f"{body}{tail}startxref\n{len(body)}\n%%EOF\n".encode("latin-1")


def test_a_markdown_section_is_titled_by_its_heading_path(tmp_path: Path) -> None:
    found = passages(tmp_path, "my-guide.md", MARKDOWN)

    assert [one.title for one in found] == ["my guide", "Guide", "Guide > Install", "Guide > Use"]
    assert [one.passage_id for one in found] == ["my-guide:1", "my-guide:2", "my-guide:3", "my-guide:4"]
    assert "# not a heading" in found[2].text


def test_an_html_section_is_titled_by_its_heading_path(tmp_path: Path) -> None:
    found = passages(tmp_path, "guide.html", HTML)

    assert [(one.title, one.text) for one in found] == [
        ("Guide one", "Welcome to the guide."),
        ("Guide one > Install", "Get pip\nRun it\npip install x\n--yes"),
        ("Other", "End."),
    ]


def test_a_text_file_is_titled_by_its_name(tmp_path: Path) -> None:
    assert passages(tmp_path, "opening_hours.txt", "Open at nine.") == (
        Passage("opening_hours:1", "opening hours", "Open at nine.", "opening_hours.txt"),
    )


def test_a_long_text_is_cut_to_what_an_embedder_reads(tmp_path: Path) -> None:
    found = passages(tmp_path, "long.txt", "One sentence of some length stands here. " * 100)

    assert len(found) > 4
    assert max(len(one.text) for one in found) <= PIECE_CHARS


def test_a_pdf_page_is_titled_by_its_number(tmp_path: Path) -> None:
    found = passages(tmp_path, "manual.pdf", pdf("Press the red button.", "Then wait."))

    assert [(one.title, one.text) for one in found] == [
        ("manual > page 1", "Press the red button."),
        ("manual > page 2", "Then wait."),
    ]


def test_a_scanned_pdf_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"scan\.pdf holds no text on its 2 pages.*OCR"):
        passages(tmp_path, "scan.pdf", pdf("", ""))


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.4\ngarbage"], ids=["empty", "text", "cut off"])
def test_a_broken_pdf_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DocumentError, match=r"broken\.pdf cannot be read as a PDF"):
        passages(tmp_path, "broken.pdf", content)


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.html"])
def test_a_document_without_text_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DocumentError, match="holds no text"):
        passages(tmp_path, name, " \n")


@pytest.mark.parametrize(
    ("name", "content", "package"),
    [
        ("a.md", b"# a\n\nb", "langchain_text_splitters"),
        ("a.txt", b"b", "langchain_text_splitters"),
        ("a.html", b"<p>b", "bs4"),
        ("a.pdf", pdf("b"), "pypdf"),
    ],
)
def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(DocumentError, match=r'pip install "\.\[documents\]"'):
        passages(tmp_path, name, content)


@pytest.mark.parametrize(("name", "message"), [("a.docx", "no kind that can be read"), ("b.csv", "No such file")])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "a.docx").write_bytes(b"x")

    with pytest.raises(DocumentError, match=message):
        read_sources([tmp_path / name])


def test_files_of_one_stem_get_different_ids(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    paths = [tmp_path / "one" / "index.txt", tmp_path / "two" / "index.txt"]
    for path in paths:
        path.write_text(path.parent.name)

    ids = {passage.passage_id for source in read_sources(paths) for passage in source.passages}

    assert len(ids) == 2
