"""What the command line of every maker takes."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path


def parser(what: str, shipped: Path) -> argparse.ArgumentParser:
    """What the command line of a maker takes; progress is told on stderr."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--data", type=Path, required=True, help="Folder with the data sets, each in its own folder.")
    parser.add_argument("--out", type=Path, default=shipped, help="Folder to write; default: the one that ships.")
    parser.add_argument("--embedder", default="all-minilm-l6-v2")
    return parser
