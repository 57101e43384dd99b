"""What can be wrong with a seismic file or with what is asked of it."""


class SeismicError(Exception):
    """A seismic file or a request about it cannot be served; ``message`` is fit for its owner's eyes."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotSeismic(SeismicError):
    """The bytes are none of the accepted formats."""

    def __init__(self) -> None:
        super().__init__("Not a seismic file (accepted: SEG-Y, miniSEED, npy)")


class StructureError(SeismicError):
    """A recognised file whose structure is broken; found before any sample is read."""


class UnreadableFile(SeismicError):
    """A file that turns out to be unreadable while its traces are read; ``code`` is stable."""

    def __init__(self, message: str, code: str = "UNREADABLE") -> None:
        super().__init__(message)
        self.code = code


class IntervalUnknown(SeismicError):
    """The sample interval is needed and not known."""

    def __init__(self) -> None:
        super().__init__("The sample interval is unknown; set sample_interval_us first")


class ParameterError(SeismicError, ValueError):
    """A parameter is out of range or names something that is not there."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
