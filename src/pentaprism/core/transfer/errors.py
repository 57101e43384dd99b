"""Why a transfer does not happen."""

from pentaprism.core.errors import PlatformError


class TransferRefused(PlatformError):
    """This installation cannot be copied, or written to, as it is."""

    status = 409
    code = "TRANSFER_REFUSED"


class ArchiveInvalid(PlatformError):
    """This is no whole backup of Pentaprism."""

    status = 422
    code = "ARCHIVE_INVALID"


class RowsRefused(PlatformError):
    """The database does not take the rows."""

    status = 422
    code = "ROWS_REFUSED"
