"""No file imports, over others, itself: what is loaded first never matters, and a file can be read on its own."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


FILES = {module(path): path for package in ("support_agent", "finetune") for path in (ROOT / package).rglob("*.py")}


def imported(tree: ast.Module) -> Iterator[str]:
    """What a file imports when it is loaded: neither for type checking alone, nor inside a function."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in FILES else node.module for name in inner)


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = {
        name: {*imported(ast.parse(path.read_text("utf-8")))} & FILES.keys() - {name} for name, path in FILES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        raise AssertionError(" → ".join(circle.args[1])) from None
