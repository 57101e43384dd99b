"""Documents of the API, as its OpenAPI description shows them."""

from typing import Any

from pydantic import BaseModel, Field, create_model

from pentaprism.faces.snapasset.catalogue import BY_ID, CORE
from pentaprism.faces.snapasset.options import OPTIONS

PROMPT = "A beautiful sunset over mountains"
JOB_ID = "gen-1640000000000-abcdefghij0123456789"


class Error(BaseModel):
    """Every error; some codes have further keys."""

    error: str = Field(examples=["Invalid request"])
    message: str = Field(examples=["Missing required field: prompt"])
    code: str = Field(examples=["INVALID_REQUEST"])
    timestamp: str
    retryAfter: int | None = None
    limit: float | None = None
    remaining: float | None = None
    jobId: str | None = None


class Options(BaseModel):
    """How pictures are made; every one has a default."""

    quality: str = Field("standard", json_schema_extra={"enum": OPTIONS["quality"].allowed})
    style: str = Field("vivid", json_schema_extra={"enum": OPTIONS["style"].allowed})
    size: str = Field("auto", json_schema_extra={"enum": OPTIONS["size"].allowed})
    imageType: str = Field("photo", json_schema_extra={"enum": OPTIONS["imageType"].allowed})
    priority: int = Field(3, ge=1, le=10, description="1 is first; 1 and 2 are for administrators.")
    variation: int = Field(0, ge=0, le=2_147_483_647)
    engine: str = Field("auto", json_schema_extra={"enum": OPTIONS["engine"].allowed})
    cache: bool = Field(True, description="Use a picture again that an equal job has generated.")
    perAspect: bool = Field(False, description="Generate one picture for each orientation.")
    format: str = Field("png", json_schema_extra={"enum": OPTIONS["format"].allowed})
    formatQuality: int | None = Field(None, ge=1, le=100)
    maxBytes: int | None = Field(None, ge=10_000, le=20_000_000)
    fit: str = Field("smart", json_schema_extra={"enum": OPTIONS["fit"].allowed})
    focalPoint: dict[str, float] | None = Field(None, examples=[{"x": 0.5, "y": 0.3}])
    background: str = Field("#ffffff", pattern="^#[0-9a-fA-F]{6}$")
    overrides: dict[str, dict[str, Any]] = Field(default_factory=dict, description="Picture options of single platforms.")


class NewJob(BaseModel):
    """A job to be."""

    userId: str = Field(min_length=1, max_length=128, examples=["550e8400-e29b-41d4-a716-446655440000"])
    prompt: str | None = Field(None, max_length=4_000, examples=[PROMPT], description="Needed unless a source is named.")
    platforms: list[str] = Field(min_length=1, examples=[["instagram-post", "twitter-post"]], description=f"{', '.join(BY_ID)}, custom-WxH")
    options: Options | None = None
    sourceImageId: str | None = Field(None, description="An upload to cut from.")
    sourceJobId: str | None = Field(None, description="A completed job whose picture is used again.")


class Generate(BaseModel):
    """Pictures that the request waits for."""

    prompt: str = Field(min_length=1, max_length=4_000, examples=[PROMPT])
    presets: list[str] = Field(min_length=1, max_length=10, examples=[[CORE[0].id]])
    options: Options | None = None


class Clean(BaseModel):
    """Which ended jobs to remove."""

    grace: int = Field(86_400_000, ge=0, description="Milliseconds since the end.")
    status: str = Field("completed", json_schema_extra={"enum": ["completed", "failed", "cancelled"]})
    scope: str | None = Field(None, description="own or all; administrators clean all unless told otherwise.")


class Credentials(BaseModel):
    """An e-mail and a password."""

    email: str = Field(examples=["ada@example.com"])
    password: str = Field(min_length=8, examples=["correct horse battery"])


def _answer(title: str, /, **fields: Any) -> type[BaseModel]:
    definitions: dict[str, Any] = {key: (kind, ...) for key, kind in fields.items()}
    made: type[BaseModel] = create_model(title, **definitions)
    return made


Text: Any = str
Maybe: Any = str | None
Document: Any = dict[str, Any]
Documents: Any = list[dict[str, Any]]

ANSWERS = (
    _answer("JobCreated", jobId=Text, status=Text, message=Text, estimatedTime=Text),
    _answer(
        "Job",
        jobId=Text,
        status=Text,
        progress=int,
        data=Document,
        result=Document | None,
        failedReason=Maybe,
        errorCode=Maybe,
        attempts=int,
        maxAttempts=int,
        createdAt=Text,
        processedAt=Maybe,
        finishedAt=Maybe,
        logs=list[str],
    ),
    _answer("JobList", jobs=Documents, count=int, status=Text, total=int, limit=int, offset=int),
    _answer("JobAction", jobId=Text, status=Text, message=Text),
    _answer("QueueStatistics", waiting=int, active=int, completed=int, failed=int, delayed=int, total=int, timestamp=Text),
    _answer("Cleaned", message=Text, cleaned=int, status=Text, grace=int, timestamp=Text),
    _answer("Message", message=Text, timestamp=Text),
    _answer("Ticket", ticket=Text, jobId=Text, expiresIn=int),
    _answer("StreamHealth", status=Text, activeConnections=int, timestamp=Text),
    _answer("Platforms", success=bool, platforms=Documents, count=int),
    _answer("Generated", success=bool, prompt=Text, images=Documents, count=int, timestamp=Text, provider=Text, model=Maybe, jobId=Text),
    _answer("Uploaded", success=bool, message=Text, file=Document, image=Document),
    _answer("UploadDeleted", id=Text, status=Text),
    _answer("Usage", period=Document, jobs=int, images=int, providers=Documents, timestamp=Text),
    _answer("SignedIn", access_token=Text, token_type=Text, expires_in=int, expires_at=int, refresh_token=Text, user=Document),
    _answer(
        "Health",
        status=Text,
        timestamp=Text,
        uptime=float,
        environment=Text,
        version=Text,
        services=dict[str, bool],
        engine=Text,
        engines=dict[str, Document],
        queue=Document,
    ),
    _answer("Index", name=Text, version=Text, description=Text, documentation=Text, endpoints=list[str], links=dict[str, str]),
)
MODELS: tuple[type[BaseModel], ...] = (Error, Options, NewJob, Generate, Clean, Credentials, *ANSWERS)


def components() -> dict[str, Any]:
    """The schemas of all documents by name."""
    found: dict[str, Any] = {}
    for model in MODELS:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
        found.update(schema.pop("$defs", {}))
        found[model.__name__] = schema
    return found
