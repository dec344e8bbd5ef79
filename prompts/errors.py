"""What can be wrong with the guidance: one family, each error naming the file or id and the remedy."""


class PromptError(Exception):
    """The guidance cannot be used as it is."""


class UnknownLanguageError(PromptError):
    """No catalogue for this language."""


class CatalogueError(PromptError):
    """A catalogue file does not say what it must say."""


class ClipError(PromptError):
    """A clip is missing, has the wrong format, or is not the one the manifest speaks of."""


class ManifestError(PromptError):
    """The manifest is missing, unreadable, or does not belong to the catalogue."""


class VoiceError(PromptError):
    """The voice is not installed, or did not speak what it was given."""


class ReplacementError(PromptError):
    """An operator's catalogue cannot take the place of the one that is there; a line for each reason."""
