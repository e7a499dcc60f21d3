"""Which writer, and what each is worth: quality, seconds, memory and download of every profile, in one table.

    python tests/benchmarks/writers.py --data FOLDER [--output build/writers] [--questions 60] [--writers quote tiny …]

FOLDER as in promise_on_kb.py, which builds the indexes. Asked are customers' questions to each knowledge base and to
lamini_docs (none of those that certify) of which a right passage is among the three that are shown, and as many again
by a third whose right passages are taken away, so that nothing should be written. Each writer runs in a process of its
own, one draft after the other, and drafts that are there already are not written again. ``--read 40`` also writes a
file in which so many answers of each stand shuffled and nameless, to be read, and the key beside it.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from customers_lamini import paraphrases, questions
from lamini_rows import FOLDER, interval

from support_agent.config import PROFILES, Config
from support_agent.gate.measure import measure_own_text
from support_agent.generation import open_generator, write_prompt
from support_agent.generation.quote_or_write import QuoteOrWrite
from support_agent.models import find
from support_agent.records import Draft, Passage, Ticket
from support_agent.retrieval import Index, find_index
from support_agent.triage import triage_ticket
from support_agent.wording import token_f1

SEED = 12
SHOWN = 3
SEARCHED = 12
# So many of each kind are written alone and timed, the rest in batches of this size; the texts are the same.
TIMED, BATCH = 2, 8
QUOTE = "quote"
# Models that write of every passage, whatever its length, and the profiles as they are served.
WRITERS: dict[str, dict[str, Any]] = {
    QUOTE: {"generator": "extractive"},
    "smollm2": {"generator": "openvino", "model": "smollm2-135m-instruct"},
    "qwen-0.5b": {"generator": "openvino", "model": "qwen2.5-coder-0.5b-instruct"},
    "smollm2-tuned": {"generator": "openvino", "model": "smollm2-135m-instruct", "adapter": "smollm2-135m-support"},
    "qwen-0.5b-tuned": {
        "generator": "openvino",
        "model": "qwen2.5-coder-0.5b-instruct",
        "adapter": "qwen2.5-0.5b-support",
    },
    "qwen-1.5b": {"generator": "openvino", "model": "qwen2.5-coder-1.5b-instruct"},
    **PROFILES,
}
DEFAULT = [QUOTE, "smollm2", "qwen-0.5b", "tiny", "standard"]
# What the tuned ones have learned to write where no passage answers.
NOT_SAID = "The passages do not say"
Row = dict[str, Any]


def main() -> None:
    """Write the rows, have every writer write, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=Path("build/writers"))
    parser.add_argument("--questions", type=int, default=60, help="of each knowledge base")
    parser.add_argument("--writers", nargs="+", default=DEFAULT, choices=WRITERS)
    parser.add_argument("--split", default="test", choices=["test", "dev"])
    parser.add_argument("--read", type=int, default=0)
    parser.add_argument("--write", choices=WRITERS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    rows_file = given.output / "rows.json"
    if not rows_file.is_file():
        rows_file.write_text(json.dumps(list(all_rows(given.data))), "utf-8")
    rows = [row for row in json.loads(rows_file.read_text("utf-8")) if row["split"] == given.split]
    rows = [row for row in rows if row["number"] < (given.questions if row["answerable"] else given.questions // 3)]
    rows.sort(key=lambda row: row["number"])
    if given.write:
        write_all(given.write, rows, drafts_file(given.output, given.write))
        return
    for name in given.writers:
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--write", name], check=True)
    drafts = {name: read_drafts(drafts_file(given.output, name)) for name in given.writers}
    for base in (*dict.fromkeys(row["base"] for row in rows), "all"):
        print_table(base, [row for row in rows if base in ("all", row["base"])], drafts)
    if given.read:
        write_blind(given.output, rows, drafts, given.read)


def drafts_file(folder: Path, writer: str) -> Path:
    """Where a writer's drafts are kept, one JSON object a line."""
    return folder / f"{writer}.jsonl"


def read_drafts(file: Path) -> dict[str, Row]:
    """Drafts by the id of their row."""
    return {one["id"]: one for one in (read_jsonl(file) if file.is_file() else [])}


def all_rows(data: Path) -> Iterator[Row]:
    """Rows of every knowledge base; those called dev are for choosing, those called test for measuring."""
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        index = Index.open(find_index(folder.name))
        known = {one["question"]: one["reference"] for one in read_jsonl(folder / "questions.jsonl")}
        texts = {one.text for one in index.passages}
        for row in rows_of(folder.name, index, one_each(questions(index, folder))):
            expert = known[row["asked"]]  # where it is a passage, it is one of several that answer
            yield {**row, "reference": row["reference"] if expert in texts else expert}
    customers = read_jsonl(FOLDER / "customers.jsonl")
    index = Index.open(find_index("lamini_docs"))
    yield from rows_of("lamini_docs", index, paraphrases(index, [one for one in customers if not one["drawn"]]))


def read_jsonl(file: Path) -> list[Row]:
    """Its rows."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def one_each(asked: Sequence[tuple[str, set[int]]]) -> list[tuple[str, set[int]]]:
    """One question for each set of right passages: of rephrasings of the same question the first drawn."""
    shuffled = random.Random(SEED).sample(asked, len(asked))
    return list({frozenset(right): (text, right) for text, right in shuffled}.values())


def rows_of(base: str, index: Index, asked: Sequence[tuple[str, Collection[int]]]) -> Iterator[Row]:
    """Questions whose right passage is shown, and others whose right passages are hidden; half as many to choose on."""
    shuffled = random.Random(SEED).sample(asked, len(asked))
    place = {one.passage_id: at for at, one in enumerate(index.passages)}
    texts = [triage_ticket(Ticket(text), Config()) for text, _ in shuffled]
    found = index.search([one.search_text or one.text for one in texts], SEARCHED)
    numbers: Counter[str] = Counter()
    for at, ((asked_text, right), triage, passages) in enumerate(zip(shuffled, texts, found, strict=True)):
        answerable, split = at % 4 != 3, "dev" if at % 3 == 2 else "test"
        good = [place[one.passage_id] in right for one in passages]
        shown = [one for one, fits in zip(passages, good, strict=True) if answerable or not fits][:SHOWN]
        rank = next((at for at, fits in enumerate(good) if fits), SEARCHED)
        if not triage.text or len(shown) < SHOWN or (answerable and rank >= SHOWN):
            continue
        kind = f"{base}:{split}:{'right shown' if answerable else 'right hidden'}"
        yield {
            "id": f"{kind}:{numbers[kind]}",
            "base": base,
            "split": split,
            "number": numbers[kind],
            "answerable": answerable,
            "asked": asked_text,
            "question": triage.text,
            "passages": [vars(one) for one in shown],
            "rank": rank,
            "reference": shown[rank].text if answerable else "",
        }
        numbers[kind] += 1


def write_all(name: str, rows: Sequence[Row], file: Path) -> None:
    """Write the drafts that are missing: the first of each knowledge base one by one and timed, the rest in batches."""
    done = read_drafts(file)
    missing = [row for row in rows if row["id"] not in done]
    alone = [[row] for row in missing if row["number"] < TIMED]
    rest = [row for row in missing if row["number"] >= TIMED]
    with file.open("a", encoding="utf-8") as out:
        for batch in (*alone, *(rest[at : at + BATCH] for at in range(0, len(rest), BATCH))):
            for one in write_batch(name, batch):
                out.write(json.dumps(one) + "\n")
            out.flush()


def write_batch(name: str, batch: Sequence[Row]) -> Iterator[Row]:
    """Drafts of one call, with what it took where it was for one alone."""
    for index in sorted({row["base"] for row in batch}):
        ours = [row for row in batch if row["base"] == index]
        opened = open_generator(Config(index=index, offline=True, **WRITERS[name]))
        raw = isinstance(opened, QuoteOrWrite) and name not in PROFILES
        generator = opened.writer if raw else opened
        prompts = [write_prompt(row["question"], [Passage(**one) for one in row["passages"]]) for row in ours]
        wall, cpu = time.perf_counter(), time.process_time()
        drafts = generator.generate(prompts)
        took = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
        peak = {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        for row, draft in zip(ours, drafts, strict=True):
            yield {"id": row["id"], **vars(draft), **peak, **(took if len(batch) == 1 else {})}


def print_table(base: str, rows: Sequence[Row], drafts: dict[str, dict[str, Row]]) -> None:
    """One column a writer."""
    shown = sum(row["answerable"] for row in rows)
    print(f"\n{base}, n = {shown} with a right passage shown, {len(rows) - shown} with it hidden")
    columns = {
        name: figures(name, [(row, done[row["id"]]) for row in rows if row["id"] in done])
        for name, done in drafts.items()
    }
    for label in next(iter(columns.values())):
        print(f"  {label:38s}", " | ".join(f"{column[label]:>22s}" for column in columns.values()))


def figures(name: str, written: Sequence[tuple[Row, Row]]) -> dict[str, str]:
    """What is printed of one writer, by the label of its line."""
    fields = ("text", "backend", "finish", "tokens", "sum_log_prob", "min_log_prob")
    drafts = [Draft(**{key: one[key] for key in fields}) for _, one in written]
    passages = [[Passage(**one) for one in row["passages"]] for row, _ in written]
    late = [
        measure_own_text(row["question"], draft, shown)
        for (row, _), draft, shown in zip(written, drafts, passages, strict=True)
    ]
    sent = ["" if one.own.held else one.own.checked.sent for one in late]
    whole = [bool(text) and not one.own.checked.dropped for text, one in zip(sent, late, strict=True)]
    invented = [any(sentence.invented for sentence in one.own.checked.every) for one in late]
    shown = [at for at, (row, _) in enumerate(written) if row["answerable"]]
    hidden = [at for at, (row, _) in enumerate(written) if not row["answerable"]]
    model = WRITERS[name].get("model")

    def of(values: Sequence[Any], places: Sequence[int]) -> str:
        return interval([float(values[at]) for at in places])

    f1 = [token_f1(draft.text, row["reference"]) for draft, (row, _) in zip(drafts, written, strict=True)]
    f1_sent = [token_f1(text, row["reference"]) for text, (row, _) in zip(sent, written, strict=True)]
    can_be_sent = [at for at in shown if sent[at]]
    return {
        "n": str(len(written)),
        "every sentence carried": of(whole, shown),
        "something can be sent": of([bool(text) for text in sent], shown),
        "token-F1 of the draft": of(f1, shown),
        "token-F1 of what can be sent": of(f1_sent, can_be_sent),
        "an invented fact": of(invented, shown),
        "hidden: something can be sent": of([bool(text) for text in sent], hidden),
        "hidden: declines": of([draft.text.startswith(NOT_SAID) for draft in drafts], hidden),
        "shown: declines": of([draft.text.startswith(NOT_SAID) for draft in drafts], shown),
        "characters, p50 / p95": spread([len(drafts[at].text) for at in shown], ".0f"),
        "tokens, p50 / p95": spread([drafts[at].tokens for at in shown], ".0f"),
        "seconds, p50 / p95": spread([one["seconds"] for _, one in written if "seconds" in one], ".2f"),
        "processor seconds, p50 / p95": spread([one["cpu_seconds"] for _, one in written if "seconds" in one], ".2f"),
        "peak memory, MiB": f"{max((one['peak_mib'] for _, one in written), default=0):,.0f}",
        "download, MB": f"{find(str(model)).known_bytes / 1e6:,.0f}" if model else "0",
    }


def spread(values: Sequence[float], form: str) -> str:
    """Median and 95th percentile."""
    return " / ".join(format(float(np.percentile(values, q)), form) for q in (50, 95)) if values else "–"


def write_blind(folder: Path, rows: Sequence[Row], drafts: dict[str, dict[str, Row]], count: int) -> None:
    """A file to be read, without a word on who wrote what, and its key."""
    draw = random.Random(SEED)
    readable = [row for row in rows if all(row["id"] in done for done in drafts.values())]
    picked = draw.sample(readable, min(count, len(readable)))
    answers = [(row, name) for row in picked for name in drafts]
    draw.shuffle(answers)
    with (folder / "to_read.csv").open("w", newline="", encoding="utf-8") as out, (folder / "key.csv").open("w") as key:
        writer = csv.writer(out)
        writer.writerow(["number", "question", "passages", "answer", "verdict"])
        for number, (row, name) in enumerate(answers):
            listed = "\n\n".join(f"[{one['title']}]\n{one['text']}" for one in row["passages"])
            writer.writerow([number, row["question"], listed, drafts[name][row["id"]]["text"], ""])
            csv.writer(key).writerow([number, row["id"], name])


if __name__ == "__main__":
    main()
