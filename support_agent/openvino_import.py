"""Keeps OpenVINO from reporting home: every part that runs it imports ``openvino`` here.

``import openvino`` starts openvino-telemetry, which writes an id into ~/intel and sends events to Google Analytics
unless the person has opted out. Where that package is not there OpenVINO uses its own stub; a None in ``sys.modules``
is Python's way to say "not there" (importlib raises ImportError for it).
"""

from __future__ import annotations

import sys
from typing import Any


def import_openvino() -> Any:
    """Import ``openvino`` with its telemetry switched off for this process."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
