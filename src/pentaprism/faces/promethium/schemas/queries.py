"""Query parameters of lists and pictures."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from pentaprism.faces.promethium.schemas.requests import GatherKey, JobType
from pentaprism.faces.promethium.schemas.texts import Moment, Optional, Search
from pentaprism.web.pages import LARGEST_OFFSET

MOST_SORTED = 3
LARGEST_PAGE = LARGEST_OFFSET // 1000
Format = Literal["segy", "miniseed", "npy"]
Download = Literal["segy", "miniseed", "npy", "npz"]
Index = Annotated[int, Field(ge=0, le=2**31 - 1)]


def _grey(value: Any) -> Any:
    return "gray" if value == "grey" else value


def sortable(*names: str) -> AfterValidator:
    """Fields that a list can be sorted by; at most three of them at once."""

    def check(text: str | None) -> str | None:
        given = [part.strip().removeprefix("-") for part in text.split(",")] if text else []
        if any(name not in names for name in given):
            raise ValueError(f"Must be one of {', '.join(names)}")
        if len(given) > MOST_SORTED:
            raise ValueError(f"At most {MOST_SORTED} fields are accepted")
        return text

    return AfterValidator(check)


SortText = Annotated[str | None, Field(max_length=200, description="Up to 3 fields, comma-separated; `-` for descending"), Optional]
DATASET_SORTS = ("created_at", "updated_at", "name", "format", "status", "traces", "samples", "size_bytes")
JOB_SORTS = ("created_at", "started_at", "completed_at", "type", "status", "progress")
MODEL_SORTS = ("name", "type", "architecture", "created_at")


class Paging(BaseModel):
    """Which page of a list."""

    page: int = Field(1, ge=1, le=LARGEST_PAGE, description="Page number, from 1")
    per_page: int = Field(20, ge=1, le=100, description="Entries of a page")

    @property
    def offset(self) -> int:
        """How many entries come before the page."""
        return (self.page - 1) * self.per_page


class SortedPaging(Paging):
    """Which page of a list in which order."""

    sort: SortText = None


class DatasetQuery(SortedPaging):
    """A list of datasets."""

    sort: Annotated[SortText, sortable(*DATASET_SORTS)] = None
    format: Annotated[Format | None, Optional] = None
    search: Annotated[Search | None, Optional] = None
    status: Annotated[Literal["processing", "ready", "failed"] | None, Optional] = None
    tag: Annotated[Search | None, Optional] = None
    created_after: Annotated[Moment | None, Optional] = None
    source: Annotated[Literal["upload", "job"] | None, Optional] = None


POSITION = "Also tell the place of a waiting job in the queue, from 1, as position"


class JobQuery(SortedPaging):
    """A list of jobs."""

    sort: Annotated[SortText, sortable(*JOB_SORTS)] = None
    status: Annotated[Literal["pending", "running", "completed", "failed", "cancelled"] | None, Optional] = None
    type: Annotated[JobType | None, Optional] = None
    created_after: Annotated[Moment | None, Optional] = None
    dataset_id: Annotated[UUID | None, Optional] = None
    model_id: Annotated[Search | None, Optional] = None
    position: Annotated[bool, Field(description=POSITION)] = False


class ModelQuery(SortedPaging):
    """A list of models."""

    sort: Annotated[SortText, sortable(*MODEL_SORTS)] = None
    per_page: int = Field(100, ge=1, le=100, description="Entries of a page")
    type: Annotated[JobType | None, Optional] = None
    architecture: Annotated[Search | None, Optional] = None


class LogQuery(BaseModel):
    """Which lines of a log."""

    since: Annotated[Moment | None, Optional] = None
    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lambda value: value or "info")] = "info"
    limit: int = Field(1000, ge=1, le=5000)


class TraceQuery(Paging):
    """A page of the table of traces."""

    per_page: int = Field(100, ge=1, le=1000, description="Entries of a page")
    fields: Annotated[str | None, Field(max_length=500), Optional] = Field(None, description="Names of header fields, comma-separated")
    first: Index = Field(0, alias="from", description="First trace")
    last: Annotated[Index | None, Optional] = Field(None, alias="to", description="Last trace, included")
    format: Annotated[Literal["json", "csv"] | None, Optional] = None


class GatherQuery(Paging):
    """A page of the gathers."""

    key: Annotated[GatherKey | None, Optional] = None


class SampleQuery(BaseModel):
    """A window of raw samples."""

    first_trace: Index = 0
    traces: Annotated[int | None, Field(ge=1)] = None
    first_sample: Index = 0
    samples: Annotated[int | None, Field(ge=1)] = None


class TileQuery(BaseModel):
    """How a tile is drawn."""

    colormap: Annotated[str, BeforeValidator(_grey), Field(max_length=32)] = "gray"
    clip: float = Field(99.0, ge=50, le=100, allow_inf_nan=False)
    gain: Literal["none", "agc", "trace", "t2"] = "none"
    agc_ms: float = Field(500.0, gt=0, le=1e6, allow_inf_nan=False)
    polarity: Literal["normal", "reverse"] = "normal"
    gather: Annotated[Index | None, Optional] = None


class PreviewQuery(TileQuery):
    """How a preview is drawn."""

    width: int = Field(800, ge=16, le=4096)
    height: int = Field(600, ge=16, le=4096)
    mode: Literal["density", "wiggle", "both"] = "density"
    first_trace: Annotated[Index | None, Optional] = None
    traces: Annotated[int | None, Field(ge=1, le=2**31 - 1), Optional] = None
    first_sample: Annotated[Index | None, Optional] = None
    samples: Annotated[int | None, Field(ge=1, le=2**31 - 1), Optional] = None
    mark: Literal["none", "dead", "filled"] = "none"
    axes: bool = False
