"""Why passages are shown as earlier exchanges: token-F1 of the raw draft for two forms of the prompt.

    python tests/benchmarks/prompt_forms.py

132 answerable lamini_docs test rows, three passages each, SmolLM2-135M-Instruct without an adapter, greedy.
"""

from __future__ import annotations

from collections.abc import Sequence

from lamini_rows import interval, read_test_rows, score

from support_agent import Passage
from support_agent.config import Config
from support_agent.generation.openvino import OpenVinoGenerator
from support_agent.generation.prompt import SYSTEM, Message, Prompt, write_prompt
from support_agent.retrieval import Index, find_index


def numbered_list(question: str, passages: Sequence[Passage]) -> Prompt:
    """The usual form: all passages in one user message, numbered."""
    listed = "\n\n".join(f"[{n}] {p.title}\n{p.text}" for n, p in enumerate(passages, 1))
    messages = (Message("system", SYSTEM), Message("user", f"{listed}\n\nQuestion: {question}"))
    return Prompt(messages, tuple(passages), question)


def main() -> None:
    """Print one line for each form."""
    rows = read_test_rows()
    questions = [row["question"] for row in rows]
    found = Index.open(find_index("lamini_docs")).search(questions, 3)
    generator = OpenVinoGenerator.open(Config())
    for form in (write_prompt, numbered_list):
        drafts = []
        for start in range(0, len(rows), 16):
            pairs = zip(questions[start : start + 16], found[start : start + 16], strict=True)
            drafts += generator.generate([form(question, passages) for question, passages in pairs])
        scores = [score(draft.text, row) for draft, row in zip(drafts, rows, strict=True)]
        print(f"{form.__name__:<14} n = {len(rows)}  token-F1 {interval(scores)}")


if __name__ == "__main__":
    main()
