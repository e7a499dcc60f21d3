"""Answers on the 132 answerable lamini_docs test rows: quality, routes, time and memory, beside a LangChain chain.

    python tests/benchmarks/answers_lamini.py [--limit N]

Prints, for extractive and for generated answers: token-F1 of the sent text against the reference (bootstrap interval),
routes, p50 and p95 of each stage for tickets asked one by one, and peak memory; then the same questions through a
LangChain (LCEL) chain over the same embedder, passages and generator, as ratios of one run; then cold starts of the
command line. Each system runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from lamini_rows import interval, read_test_rows, score


def main() -> None:
    """Run every system in a fresh process and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--system", choices=sorted(SYSTEMS), help="run only this one, in this process, as JSON")
    options = parser.parse_args()
    if options.system:
        print(json.dumps(SYSTEMS[options.system](read_test_rows()[: options.limit])))
        return
    results = {name: run_apart(name, options.limit) for name in SYSTEMS}
    for name, result in results.items():
        print_result(name, result)
    print_ratios(results["generated"], results["langchain"])
    print_cold_starts()


def run_agent(generator: str) -> Callable[[Sequence[dict[str, str]]], dict[str, Any]]:
    """A runner that asks every question alone and then all of them in batches."""

    def run(rows: Sequence[dict[str, str]]) -> dict[str, Any]:
        from support_agent import Agent

        agent = Agent.load(generator=generator, calibration="none")
        agent.ask("warm up: what is Lamini?")
        replies = [agent.ask(row["question"]) for row in rows]
        started = time.perf_counter()
        batched = list(agent.ask_many(row["question"] for row in rows))
        batch_s = time.perf_counter() - started
        return {
            "f1": [score(reply.text, row) for reply, row in zip(replies, rows, strict=True)],
            "route": [str(reply.route) for reply in replies],
            "reasons": [list(reply.reasons) for reply in replies],
            "timings_ms": [dict(reply.timings_ms) for reply in replies],
            "same_in_batch": sum(a.text == b.text for a, b in zip(replies, batched, strict=True)),
            "batch_per_s": len(rows) / batch_s,
            "peak_mib": peak_mib(),
        }

    return run


def run_langchain(rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    """The usual LCEL chain: retriever → prompt → model → string. Same embedder, passages, prompt words and weights."""
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.runnables import RunnableLambda, RunnablePassthrough
    from langchain_core.vectorstores import InMemoryVectorStore

    from support_agent.config import Config
    from support_agent.generation.openvino import OpenVinoGenerator
    from support_agent.generation.prompt import write_prompt
    from support_agent.records import Passage
    from support_agent.retrieval import Index, find_index

    index = Index.open(find_index("lamini_docs"))

    class SameEmbedder(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [vector.tolist() for vector in index.embedder.encode(texts)]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    store = InMemoryVectorStore(SameEmbedder())
    store.add_documents(
        [Document(f"{p.title}\n{p.text}", metadata={"title": p.title, "text": p.text}) for p in index.passages]
    )
    generator = OpenVinoGenerator.open(Config())

    def prompt(given: dict[str, Any]) -> Any:
        found = [Passage("", d.metadata["title"], d.metadata["text"], "") for d in given["context"]]
        return write_prompt(given["question"], found)

    chain = (
        {"context": store.as_retriever(search_kwargs={"k": 3}), "question": RunnablePassthrough()}
        | RunnableLambda(prompt)
        | RunnableLambda(lambda written: generator.generate([written])[0].text)
    )
    chain.invoke("warm up: what is Lamini?")
    f1, totals = [], []
    for row in rows:
        started = time.perf_counter()
        text = chain.invoke(row["question"])
        totals.append({"total": (time.perf_counter() - started) * 1000})
        f1.append(score(text, row))
    routes = ["answer"] * len(rows)
    return {"f1": f1, "route": routes, "reasons": [[]] * len(rows), "timings_ms": totals, "peak_mib": peak_mib()}


SYSTEMS: dict[str, Callable[[Sequence[dict[str, str]]], dict[str, Any]]] = {
    "extractive": run_agent("extractive"),
    "generated": run_agent("openvino"),
    "langchain": run_langchain,
}


def run_apart(name: str, limit: int) -> dict[str, Any]:
    """Run one system in a fresh process, so that memory and imports are its own."""
    command = [sys.executable, __file__, "--system", name, "--limit", str(limit)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def peak_mib() -> float:
    """Peak resident memory of this process in MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def print_result(name: str, result: dict[str, Any]) -> None:
    """One system's figures."""
    answered = [f1 for f1, route in zip(result["f1"], result["route"], strict=True) if route == "answer"]
    print(f"\n{name}: n = {len(result['f1'])}")
    print(f"  routes           {dict(Counter(result['route']))}")
    reasons = Counter(reason for reasons in result["reasons"] for reason in reasons)
    print(f"  reasons          {dict(reasons)}")
    print(f"  token-F1, of the answered ({len(answered)})       {interval(answered)}")
    kept = [f1 if route == "answer" else 0.0 for f1, route in zip(result["f1"], result["route"], strict=True)]
    print(f"  token-F1, a hand-off counted as 0   {interval(kept)}")
    for stage in sorted({stage for timings in result["timings_ms"] for stage in timings}):
        found = [timings[stage] for timings in result["timings_ms"] if stage in timings]
        print(f"  {stage:<16} p50 {np.percentile(found, 50):8.1f} ms   p95 {np.percentile(found, 95):8.1f} ms")
    if "batch_per_s" in result:
        same = f"{result['same_in_batch']} texts the same as alone"
        print(f"  in batches       {result['batch_per_s']:.2f} tickets/s, {same}")
    print(f"  peak memory      {result['peak_mib']:.0f} MiB")


def print_ratios(ours: dict[str, Any], peer: dict[str, Any]) -> None:
    """Ours ÷ LangChain's: time for one ticket, token-F1 and peak memory."""

    def p50(result: dict[str, Any], rows: Sequence[int]) -> float:
        return float(np.percentile([result["timings_ms"][row]["total"] for row in rows], 50))

    everything = range(len(ours["route"]))
    answered = [row for row in everything if ours["route"][row] == "answer"]
    print("\nours ÷ LangChain chain")
    print(f"  p50, all {len(everything)} tickets          {p50(ours, everything) / p50(peer, everything):.2f}")
    print(f"  p50, the {len(answered)} that we answered   {p50(ours, answered) / p50(peer, answered):.2f}")
    f1 = np.mean([ours["f1"][row] for row in answered]) / np.mean([peer["f1"][row] for row in answered])
    print(f"  token-F1 on those               {f1:.2f}")
    print(f"  peak memory                     {ours['peak_mib'] / peer['peak_mib']:.2f}")


def print_cold_starts() -> None:
    """Wall time of the command line: help; an ask that still converts its model files; one that need not."""
    from support_agent.models import cache_folder

    command = [str(Path(sys.executable).with_name("support-agent"))]
    question = [*command, "ask", "How do I get an API key?"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(cache_folder() / "models", Path(folder) / "models")
        cold = {**os.environ, "SUPPORT_AGENT_CACHE": folder}
        print("\ncold starts (seconds, wall)")
        print(f"  --help                        {wall_s([*command, '--help'], cold):.2f}")
        print(f"  first ask, files downloaded   {wall_s(question, cold):.2f}")
        print(f"  later ask                     {wall_s(question, cold):.2f}")


def wall_s(command: Sequence[str], environment: dict[str, str]) -> float:
    """Seconds from start to end of one process."""
    started = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
