"""Model files: which there are, where they come from, and the folder on this machine that holds them.

>>> from support_agent.models import ensure
>>> folder = ensure("all-minilm-l6-v2")
"""

from support_agent.models.cache import cache_folder, check, expand_user, model_folder, origin
from support_agent.models.conversions import converted_folder
from support_agent.models.fetching import OnProgress, Progress, ensure, ensure_entry, pull_again
from support_agent.models.hub import HubSource
from support_agent.models.registry import ModelEntry, ModelFile, find, is_known, registry
from support_agent.models.sources import FolderSource, Source, SourceError
from support_agent.models.wheel import WheelSource

__all__ = [
    "FolderSource",
    "HubSource",
    "ModelEntry",
    "ModelFile",
    "OnProgress",
    "Progress",
    "Source",
    "SourceError",
    "WheelSource",
    "cache_folder",
    "check",
    "converted_folder",
    "ensure",
    "ensure_entry",
    "expand_user",
    "find",
    "is_known",
    "model_folder",
    "origin",
    "pull_again",
    "registry",
]
