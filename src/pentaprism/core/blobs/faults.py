"""Failures of the storage in the platform's words."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pentaprism.core.errors import NotFound, StorageFull, Unavailable

LOG = logging.getLogger(__name__)
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def storage_faults() -> Iterator[None]:
    """Turn an OSError into NotFound, StorageFull or Unavailable; its text, which names paths, goes to the log only."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound("File not found") from error
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull from error
        LOG.exception("the storage failed")
        raise Unavailable("Storage is unavailable") from error
