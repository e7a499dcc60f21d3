"""The folders of the models that read an embedder's vectors: one for each embedder, shipped or the user's own.

A folder is named for its embedder and the first digits of that one's fingerprint, so that those of other embedders are
never opened. ``support-agent signals retrain`` makes one.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from support_agent.shelves import SIGNALS

MADE_BY = "support-agent signals retrain"
MEND = f"Install support_agent again, or make the models of the signals anew with `{MADE_BY} --embedder NAME`."
_DIGITS = 12

_logger = logging.getLogger(__name__)


def folder_name(embedder: str, fingerprint: str) -> str:
    """What the folder of an embedder's models is called; of an embedder that is a path, the last part counts."""
    plain = re.sub(r"[^\w.]+", "-", Path(embedder).name).strip("-.") or "embedder"
    return f"{plain}-{fingerprint[:_DIGITS]}"


def folder_for(fingerprint: str) -> Path | None:
    """The folder of the models for an embedder, an own one before a shipped one; None, and a warning, without one."""
    fitting = [path for name, path in SIGNALS.known().items() if name.endswith(f"-{fingerprint[:_DIGITS]}")]
    own_first = sorted(fitting, key=SIGNALS.is_shipped)
    if own_first:
        return own_first[0]
    _logger.warning(
        "No models of the signals were made for the embedder %s…: anger and what a person must read are told by their "
        f"words alone. Run `{MADE_BY} --embedder NAME` to make them.",
        fingerprint[:_DIGITS],
    )
    return None
