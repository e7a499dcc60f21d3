"""Every error this package raises on purpose.

    SupportAgentError
    ├── ConfigError          a setting is unknown, malformed, or contradicts another
    ├── ModelFileError       a model file is missing, cannot be fetched, or is not the pinned one
    │   └── MirrorError      one mirror of it does not give it; the next is asked (models/records.py)
    ├── IndexFolderError     an index is missing, damaged, or made for something else
    ├── DocumentError        a source document cannot be read into passages
    ├── GenerationError      a generator failed on a ticket (never a traceback)
    ├── CalibrationError     labels or a calibration cannot be used, or were made for something else
    ├── BatchError           a ticket CSV cannot be read, written or resumed
    ├── TrainingError        a fine-tuning run cannot begin, go on or end
    └── EvaluationError      a golden set or a result folder cannot be read, or two of them cannot be compared

A message says what happened, with which value, where, and what to do next. Errors of other libraries are translated
once, where the foreign call is made, with ``raise … from error``.
"""


class SupportAgentError(Exception):
    """Base of every error raised on purpose; its message is meant for the person who runs the program."""


class ConfigError(SupportAgentError):
    """A setting is unknown, malformed, or contradicts another."""


class ModelFileError(SupportAgentError):
    """A model file is missing, cannot be fetched, or is not the pinned one."""


class IndexFolderError(SupportAgentError):
    """An index folder is missing, damaged, or made with another embedder."""


class DocumentError(SupportAgentError):
    """A source document cannot be read into passages."""


class GenerationError(SupportAgentError):
    """A generator failed; the agent serves the best passage's own words, or hands over."""


class CalibrationError(SupportAgentError):
    """Labels or a calibration cannot be used, or were made for something else."""


class BatchError(SupportAgentError):
    """A ticket file cannot be read, written, or resumed."""


class TrainingError(SupportAgentError):
    """A fine-tuning run cannot begin, go on, or end."""


class EvaluationError(SupportAgentError):
    """A golden set or a result folder cannot be read, or two of them cannot be compared."""
