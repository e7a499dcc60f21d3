"""Model files: which there are, where they come from, and the folder on this machine that holds them.

>>> from support_agent.models import ensure
>>> folder = ensure("all-minilm-l6-v2")
"""

from support_agent.models.cache import cache_folder, check, model_folder, origin
from support_agent.models.conversions import converted_folder
from support_agent.models.fetching import ensure, ensure_entry, pull_again
from support_agent.models.folder import FolderMirror
from support_agent.models.hub import HubMirror
from support_agent.models.joined_wheels import JoinedWheelsMirror
from support_agent.models.records import NO_PICKLE, Mirror, MirrorError, ModelEntry, ModelFile, OnProgress, Progress
from support_agent.models.registry import find, is_known, registry
from support_agent.models.wheel import WheelMirror

__all__ = [
    "NO_PICKLE",
    "FolderMirror",
    "HubMirror",
    "JoinedWheelsMirror",
    "Mirror",
    "MirrorError",
    "ModelEntry",
    "ModelFile",
    "OnProgress",
    "Progress",
    "WheelMirror",
    "cache_folder",
    "check",
    "converted_folder",
    "ensure",
    "ensure_entry",
    "find",
    "is_known",
    "model_folder",
    "origin",
    "pull_again",
    "registry",
]
