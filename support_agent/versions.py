"""What made a reply: one short hash or name for each part, so that it can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.gate import Gate
    from support_agent.gate.texts import Texts
    from support_agent.generation.generator import Generator
    from support_agent.protocols import Retriever

# Settings that change how fast a reply comes, not what it says.
_NEUTRAL_SETTINGS = {"batch_size", "threads", "timeout_s", "offline"}
# A path says nothing of what stands there: texts and calibration have a hash of their own.
_HASHED_BY_CONTENT = {"texts", "calibration"}


def versions_of(index: Retriever, generator: Generator, config: Config, texts: Texts, gate: Gate) -> Mapping[str, str]:
    """Names and hashes of package, index, generator, prompt, promise, customer texts and settings.

    ``parts`` is one hash of everything that decides what is offered for a ticket.
    """
    from importlib.metadata import version

    from support_agent.artefacts import sha256_bytes
    from support_agent.evidence.opening import calibrated_parts, index_name, parts_version
    from support_agent.generation.prompt import prompt_version

    return {
        "support_agent": version("support-agent"),
        "index": f"{index_name(config)}:{index.version}",
        "generator": f"{generator.name}:{generator.version}",
        "prompt": prompt_version(),
        "parts": parts_version(calibrated_parts(index.version, generator, config)),
        "calibration": gate.version,
        "texts": texts.version,
        "settings": sha256_bytes(config.model_dump_json(exclude=_NEUTRAL_SETTINGS | _HASHED_BY_CONTENT).encode())[:12],
    }
