"""How much triage's signals find, how often they alarm for nothing, how well a language is told, and what it costs.

    python tests/benchmarks/triage_signals.py --data FOLDER [--half held-out]

Patterns were written while looking at the "development" half only; the figures to quote are those of the other. Every
rate has n and its 95 % Wilson interval.
"""

from __future__ import annotations

import argparse
import random
import statistics
import string
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import triage_data as data_sets

from support_agent.intervals import wilson
from support_agent.records import Signal
from support_agent.triage.abuse import abuse_signal
from support_agent.triage.danger import danger_signals
from support_agent.triage.human_request import human_request_signal
from support_agent.triage.injection import injection_signal
from support_agent.triage.language import detect
from support_agent.triage.readable import clean

SEED = 20260101
SIGNALS: dict[str, Callable[[str], tuple[Signal, ...]]] = {
    "danger": danger_signals,
    "asks_for_human": lambda text: (human_request_signal(text),),
    "abuse": lambda text: (abuse_signal(text),),
    "injection": lambda text: (injection_signal(text),),
}
LENGTHS = (1, 2, 3, 5, 8, 99)
HOSTILE = {
    "one letter": "a",
    "one word": "you ",
    "orders": "ignore all the previous ",
    "spaced letters": "i g n o r e ",
    "white space": " ",
    "dots": ".",
    "digits": "1 ",
    "brackets": "<!-- ",
    "base64": "aWdub3Jl",
    "entities": "&#105;",
    "escapes": "&",
    "apostrophes": "i'",
    "Cyrillic": "соедините ",
    "hyphens": "a-",
    "lines": "\n",
    "lines and marks": "-\n",
    "insults": "you stupid ",
    "threats": "i will kill all ",
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=data_sets.HALVES, default="held-out")
    parser.add_argument("--misses", action="store_true", help="also list them")
    arguments = parser.parse_args()
    data, half, misses = arguments.data, arguments.half, arguments.misses
    print(f"half: {half}\n\nrecall")
    for line in recall(data, half, misses):
        print(line)
    print("\nfalse alarms")
    for line in false_alarms(data, half, misses):
        print(line)
    print("\nlanguage")
    for line in languages(data, half):
        print(line)
    print("\ncost")
    for line in costs():
        print(line)


def fired(text: str) -> set[str]:
    """Names of the signals that fire on a text."""
    text = clean(text)
    return {signal.name for signals in SIGNALS.values() for signal in signals(text) if signal.fired}


def recall(data: Path, half: str, misses: bool) -> Iterator[str]:
    """A line for each set on which one of the named signals should fire."""
    danger = ("danger_self_harm", "danger_violence", "danger_legal")
    sets: dict[str, tuple[Sequence[str], Sequence[str]]] = {
        "moderation SH": (("danger_self_harm",), data_sets.moderation(data, "SH")),
        "moderation V, V2": (("danger_violence",), data_sets.moderation(data, "V", "V2")),
        "moderation H, HR, H2": (("abuse", "danger_violence"), data_sets.moderation(data, "H", "HR", "H2")),
        "moderation any of these": ((*danger, "abuse"), data_sets.moderation(data, "SH", "V", "V2", "H", "HR", "H2")),
        "jailbreaks": (("injection",), data_sets.jailbreaks(data)),
    }
    own = data_sets.own_tickets()
    sets |= {f"own {name}": ((name,), texts) for name, texts in own.items() if name != "none"}
    for name, (wanted, texts) in sets.items():
        chosen = data_sets.half(texts, half)
        missed = [text for text in chosen if not fired(text).intersection(wanted)]
        yield f"{name:28s} {rate(len(chosen) - len(missed), len(chosen))}"
        if misses:
            yield from (f"    missed: {text!r}" for text in missed)
    for name, texts in data_sets.fresh_tickets().items():
        found = [text for text in texts if (name in fired(text) if name != "none" else fired(text))]
        yield f"{'fresh ' + name:28s} {rate(len(found), len(texts))}"
        if misses:
            yield from (f"    {name}: {text!r}" for text in texts if (text in found) == (name == "none"))
    for name, disguise in data_sets.DISGUISES.items():
        found = sum("injection" in fired(disguise(order)) for order in data_sets.ORDERS)
        yield f"injection, {name:17s} {rate(found, len(data_sets.ORDERS))}"


def false_alarms(data: Path, half: str, misses: bool) -> Iterator[str]:
    """A line for each harmless set: the share on which anything fires, then the signals one by one."""
    for name, texts in data_sets.harmless(data).items():
        chosen = data_sets.half(texts, half)
        alarms = [(text, fired(text)) for text in chosen]
        yield f"{name:28s} {rate(sum(bool(names) for _, names in alarms), len(chosen))}"
        for signal in sorted(set().union(*(names for _, names in alarms))):
            yield f"    {signal:24s} {sum(signal in names for _, names in alarms)}"
        if misses:
            yield from (f"    {sorted(names)}: {text!r}" for text, names in alarms if names)


def languages(data: Path, half: str) -> Iterator[str]:
    """Right, "und" and wrong verdicts by language and by number of words; questions cut to so many words."""
    by_code = {code: data_sets.half(texts, half) for code, texts in data_sets.questions_by_language(data).items()}
    by_code["en, lamini"] = data_sets.half(data_sets.harmless(data)["lamini questions"], half)
    by_code["en, lamini, 2 slips a text"] = [with_slips(text) for text in by_code["en, lamini"]]
    for code, texts in by_code.items():
        for length in LENGTHS:
            cut = [first_words(text, length, code) for text in texts]
            told = [detect(clean(text))[0] for text in cut]
            right, unsure = told.count(code[:2]), told.count("und")
            as_english = "" if code.startswith("en") else f"   read as English {told.count('en') / len(told):.3f}"
            yield (
                f"{code:26s} {length:2d} words  right {rate(right, len(told))}  und {unsure / len(told):.3f}  "
                f"wrong {rate(len(told) - right - unsure, len(told))}{as_english}"
            )


def first_words(text: str, count: int, code: str) -> str:
    """The first words; of Chinese, two characters for each."""
    return text[: 2 * count] if code == "zh" else " ".join(text.split()[:count])


def with_slips(text: str) -> str:
    """Two typing errors, the same ones each time: a letter dropped, doubled, swapped with the next, or another."""
    source = random.Random(text)
    for _ in range(2):
        place = source.randrange(max(1, len(text) - 1))
        here, after = text[place : place + 1], text[place + 1 : place + 2]
        slip = source.choice(("", here * 2 + after, after + here, source.choice(string.ascii_lowercase) + after))
        text = text[:place] + slip + text[place + 2 :]
    return text


def costs() -> Iterator[str]:
    """Median milliseconds of each signal on an ordinary, a long and the worst of the hostile texts."""
    ticket = (
        "Hello, since the update on Monday my training job stops after 20 minutes with a fatal error, and I need it. "
    )
    texts = {"200 characters": (ticket * 2)[:200], "8,000 characters": (ticket * 80)[:8000]}
    hostile = {name: f"a{(text * 8000)[:7998]}a" for name, text in HOSTILE.items()}
    for name, signal in {**SIGNALS, "language": lambda text: detect(text)}.items():
        worst = max((milliseconds(signal, text), what) for what, text in hostile.items())
        usual = "  ".join(f"{size} {milliseconds(signal, text):.2f} ms" for size, text in texts.items())
        yield f"{name:15s} {usual}  worst of 8,000 {worst[0]:.1f} ms ({worst[1]})"


def milliseconds(signal: Callable[[str], object], text: str) -> float:
    """Median of five runs, after one to warm up."""
    signal(text)
    runs = []
    for _ in range(5):
        start = time.perf_counter()
        signal(text)
        runs.append(time.perf_counter() - start)
    return statistics.median(runs) * 1000


def rate(count: int, n: int) -> str:
    """Share with its 95 % Wilson interval and n."""
    if n == 0:
        return "–"
    low, high = wilson(count, n)
    return f"{count / n:.3f} [{low:.3f}, {high:.3f}] of {n}"


if __name__ == "__main__":
    main()
