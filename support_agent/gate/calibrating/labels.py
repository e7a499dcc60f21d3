"""Whether answers are right, and who says so: what readers and judges hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Labels:
    """Row id → whether its answer is right; ``facts`` says where the labels are from, for the calibration.

    ``set_aside`` are rows that may fit the combiner and certify nothing.
    """

    right: Mapping[str, bool]
    facts: Mapping[str, Any]
    set_aside: frozenset[str] = frozenset()
