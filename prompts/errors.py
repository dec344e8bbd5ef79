"""The errors of the guidance. Each names the file or id, and the remedy."""


class PromptError(Exception):
    """The guidance cannot be used as it is."""


class UnknownLanguageError(PromptError):
    """There is no catalogue for this language."""


class CatalogueError(PromptError):
    """A catalogue file is wrong, or lacks something."""


class ClipError(PromptError):
    """A clip is missing, has the wrong format, or is not the one that the manifest describes."""


class ManifestError(PromptError):
    """The manifest is missing, unreadable, or does not belong to the catalogue."""


class VoiceError(PromptError):
    """The voice is not installed, or does not speak what it was given."""


class ReplacementError(PromptError):
    """An operator's catalogue cannot replace the present one; the text has a line for each reason."""
