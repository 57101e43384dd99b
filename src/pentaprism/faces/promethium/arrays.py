"""What is known of a dataset trace by trace: dead and filled traces and the gathers, as one NPZ file beside the seismic one."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentaprism.engines import seismic

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pentaprism.engines.seismic import DeadTraces, Gathers

CONTENT_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class TraceIndex:
    """``dead`` and ``gathers`` cover all traces; ``filled`` are the sorted numbers of traces that a reconstruction has filled."""

    dead: "DeadTraces"
    gathers: "Gathers"
    filled: "npt.NDArray[np.int64]"

    def packed(self) -> bytes:
        """The bytes to store."""
        import numpy as np  # noqa: PLC0415 -- a server starts without arrays

        file = io.BytesIO()
        arrays: dict[str, Any] = {
            "reasons": self.dead.reasons,
            "filled": self.filled.astype(np.int64),
            "key": np.array(self.gathers.key),
            "first_traces": self.gathers.first_traces,
            "counts": self.gathers.counts,
        }
        if self.gathers.values is not None:
            arrays["values"] = self.gathers.values
        np.savez_compressed(file, **arrays)
        return file.getvalue()

    @classmethod
    def read(cls, path: Path) -> "TraceIndex":
        """What :meth:`packed` made."""
        import numpy as np  # noqa: PLC0415 -- a server starts without arrays

        with np.load(path, allow_pickle=False) as held:
            gathers = seismic.Gathers(str(held["key"]), held.get("values"), held["first_traces"], held["counts"])
            return cls(seismic.DeadTraces(held["reasons"]), gathers, held["filled"])
