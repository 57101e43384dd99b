"""Numbers of the snapasset face; each is a setting with the default that clients of the face rely on."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MEBIBYTE = 1_048_576
SECRET: dict[str, Any] = {"secret": True}


class Price(BaseModel):
    """What a provider's model costs in USD: a picture, and a million tokens in and out; what is not given costs nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: float | None = Field(None, ge=0, description="USD for one picture.")
    input: float | None = Field(None, ge=0, description="USD for a million tokens of the request.")
    output: float | None = Field(None, ge=0, description="USD for a million tokens of the answer.")


class SnapassetSettings(BaseModel):
    """Settings of the snapasset face."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: str | None = Field(None, description="Address of the face's root as clients see it; empty: taken from each request.")
    cors_origins: tuple[str, ...] = Field(
        ("http://localhost:5173", "http://localhost:3000"), description="Web origins whose pages may use the face with credentials."
    )

    supabase_url: str | None = Field(None, description="Address of a Supabase project whose users' tokens are accepted.")
    supabase_jwt_secret: str | None = Field(
        None, description="Shared secret of the project's HS256 tokens; empty: only ES256 and RS256.", json_schema_extra=SECRET
    )
    jwks_seconds: int = Field(600, ge=1, description="How long the project's public keys are kept.")
    jwks_refetch_seconds: int = Field(60, ge=1, description="Shortest pause between two fetches of the public keys.")
    token_leeway_seconds: int = Field(30, ge=0, description="How far a Supabase token may be past its end.")
    anonymous: bool = Field(False, description="Requests without credentials act as one built-in account; only on a loopback address.")
    require_matching_user_id: bool = Field(False, description="Refuse jobs whose userId is not the id of the authenticated account.")
    access_seconds: int = Field(3_600, ge=1, description="Life of an access token in seconds.")
    refresh_seconds: int = Field(2_592_000, ge=1, description="Life of a refresh token in seconds.")
    login_failures: int = Field(10, ge=1, description="Failed log-ins of an e-mail from one address in `login_seconds`.")
    login_seconds: int = Field(900, ge=1, description="Window of the limit of failed log-ins in seconds.")

    json_limit_bytes: int = Field(MEBIBYTE, ge=1, description="Largest JSON body.")
    general_rate: int = Field(100, ge=1, description="Requests of an account, API key or address in `general_seconds`.")
    general_seconds: int = Field(900, ge=1, description="Window of the general limit in seconds.")
    job_rate: int = Field(20, ge=1, description="Jobs that an account may create in `job_seconds`.")
    job_seconds: int = Field(3_600, ge=1, description="Window of the limit of new jobs in seconds.")
    unfinished_jobs: int = Field(20, ge=1, description="Waiting, active and delayed jobs of an account.")
    unfinished_retry_seconds: int = Field(30, ge=1, description="When to try again, as told to an account with too many unfinished jobs.")
    paid_pictures: int = Field(50, ge=0, description="Calls of a paid provider for an account in 24 hours.")
    paid_usd: float | None = Field(None, ge=0, description="USD of paid calls for an account in 24 hours; empty: no limit.")

    prompt_min: int = Field(10, ge=1, description="Shortest prompt of a job in characters.")
    prompt_max: int = Field(4_000, ge=1, description="Longest prompt in characters.")
    platforms_per_job: int = Field(20, ge=1, description="Most platforms of a job.")
    presets_per_request: int = Field(10, ge=1, description="Most presets of a request that waits for its pictures.")
    target_pixels: int = Field(60_000_000, ge=1, description="Pixels of all targets of a job together.")
    seconds_per_platform: int = Field(15, ge=1, description="Estimated seconds for each platform, as told when a job is created.")
    generate_wait_seconds: float = Field(60.0, gt=0, description="How long a request waits for its pictures.")
    idempotency_seconds: int = Field(86_400, ge=1, description="How long an Idempotency-Key is remembered.")
    manual_retries: int = Field(5, ge=0, description="How often a failed job may be retried on request.")
    attempt_seconds: int = Field(300, ge=1, description="Time limit of one attempt at a job.")
    attempts: int = Field(3, ge=1, le=100, description="Attempts at a job before it has failed.")
    retry_seconds: tuple[Annotated[float, Field(ge=0, le=86_400)], ...] = Field(
        (2.0, 6.0), description="Waits before the further attempts; the last one repeats."
    )
    longest_retry_seconds: float = Field(60.0, ge=0, description="Longest wait that a busy provider may ask for.")
    active_jobs: int = Field(2, ge=1, description="Jobs of an account that are worked on at the same time.")
    aging_seconds: int = Field(600, ge=1, description="After so long a waiting job ranks as priority 1.")

    upload_limit_bytes: int = Field(10 * MEBIBYTE, ge=1, description="Largest uploaded image file.")
    upload_min_side: int = Field(64, ge=1, description="Shortest side of an uploaded image in pixels.")
    upload_max_side: int = Field(12_000, ge=1, description="Longest side of an uploaded image in pixels.")
    upload_max_pixels: int = Field(40_000_000, ge=1, description="Largest area of an uploaded image in pixels.")

    sse_auth: Literal["capability", "required"] = Field(
        "capability", description="capability: the id of a job opens its stream; required: a credential or ticket is asked for."
    )
    sse_retry_ms: int = Field(3_000, ge=100, description="Pause before a client connects again, in milliseconds.")
    sse_ping_seconds: float = Field(15.0, gt=0, description="Pause between two comments on a silent stream.")
    sse_seconds: float = Field(3_600.0, gt=0, description="After this time a stream is closed, and the client connects again.")
    sse_pause_seconds: float = Field(0.1, ge=0, description="Shortest pause between two progress frames; the newest wins.")
    sse_look_seconds: float = Field(5.0, gt=0, description="Pause between two looks at the row of a job that is watched.")
    ticket_seconds: int = Field(3_600, ge=1, description="Life of a stream's ticket in seconds.")
    streams_per_job: int = Field(20, ge=1, description="Open streams of a job.")
    streams_per_account: int = Field(50, ge=1, description="Open streams of an account or address.")

    link_seconds: int = Field(86_400, ge=60, description="Shortest life of a signed link in seconds.")
    completed_seconds: int = Field(604_800, ge=1, description="How long a completed job is kept.")
    failed_seconds: int = Field(1_209_600, ge=1, description="How long a failed job is kept.")
    cancelled_seconds: int = Field(86_400, ge=1, description="How long a cancelled job is kept.")
    upload_seconds: int = Field(604_800, ge=1, description="How long an upload is kept after its last use.")
    cache_seconds: int = Field(86_400, ge=1, description="How long a generated picture may be used again.")
    usage_seconds: int = Field(34_560_000, ge=1, description="How long records of paid calls are kept.")
    sweep_seconds: float = Field(3_600.0, gt=0, description="Pause between two removals of what has passed its time.")

    engine: Literal["auto", "procedural", "openai", "diffusers"] = Field(
        "auto", description="Engine of jobs that name none; auto: openai where it is set up, else diffusers, else procedural."
    )
    fallback_to_procedural: bool = Field(False, description="Draw with the procedural engine when a provider fails for good.")
    openai_api_key: str | None = Field(None, description="Key of the OpenAI API.", json_schema_extra={"env": ["OPENAI_API_KEY"], **SECRET})
    openai_model: str | None = Field(None, description="Model of the OpenAI Images API; without it the engine is not available.")
    openai_base_url: str | None = Field(None, description="Address of an API that speaks OpenAI's protocol; empty: OpenAI's own.")
    openai_connect_seconds: float = Field(10.0, gt=0, description="How long connecting to the provider may take.")
    openai_total_seconds: float = Field(120.0, gt=0, description="How long a call of the provider may take.")
    openai_moderation_model: str | None = Field(None, description="Model that looks at prompts before a paid call; empty: none does.")
    openai_image_hosts: tuple[str, ...] = Field((), description="Hosts from which pictures that a provider gives by address are fetched.")
    prices: dict[str, Price] = Field(default_factory=dict, description="Prices by model id, in USD.")
    diffusers_model: str | None = Field(None, description="Repository id or folder of a diffusers model.")
    diffusers_revision: str | None = Field(None, description="Revision of that model.")
    diffusers_steps: int = Field(30, ge=1, le=1_000, description="Steps of one picture.")
