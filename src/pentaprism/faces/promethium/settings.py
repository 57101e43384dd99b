"""Numbers of the promethium face; each is a setting with the default that clients of the face rely on."""

from pydantic import BaseModel, ConfigDict, Field

GIGABYTE = 1_000_000_000


class PromethiumSettings(BaseModel):
    """Settings of the promethium face."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: str | None = Field(None, description="Address of the face's root as clients see it; empty: taken from each request.")
    cors_origins: tuple[str, ...] = Field(("http://localhost:4200",), description="Web origins whose pages may use the face.")

    access_seconds: int = Field(3_600, ge=1, description="Life of a token in seconds.")
    late_seconds: int = Field(86_400, ge=0, description="How long after its end a token can still be refreshed, in seconds.")
    grace_seconds: float = Field(30.0, ge=0, description="How long a refreshed token goes on working, in seconds.")
    family_seconds: int = Field(604_800, ge=1, description="Life of a log-in with all its refreshes, in seconds.")
    link_seconds: int = Field(86_400, ge=60, description="Life of a signed address, in seconds.")

    file_limit_bytes: int = Field(10 * GIGABYTE, ge=1, description="Largest seismic file.")
    storage_limit_bytes: int = Field(50 * GIGABYTE, ge=0, description="Bytes of datasets and artifacts that an account may own.")
    json_limit_bytes: int = Field(2_000_000, ge=1, description="Largest JSON body.")
    max_traces: int = Field(10_000_000, ge=1, description="Most traces of a dataset.")
    max_samples: int = Field(1_000_000, ge=1, description="Most samples of a trace.")
    description_limit: int = Field(2_000, ge=1, description="Longest description in characters.")
    tags_limit: int = Field(20, ge=0, description="Most tags of a dataset.")
    samples_at_once: int = Field(16_000_000, ge=1, description="Most samples of one request for raw samples.")
    upload_seconds: int = Field(86_400, ge=60, description="Life of an unfinished resumable upload, in seconds.")
    chunk_bytes: int = Field(16_777_216, ge=65_536, description="Suggested and largest piece of a resumable upload.")

    unfinished_jobs: int = Field(20, ge=1, description="Most unfinished jobs of an account.")
    job_seconds: int = Field(3_600, ge=1, description="Longest attempt of a job, in seconds.")
    job_memory_bytes: int = Field(4 * GIGABYTE, ge=1, description="A job that needs more memory is refused.")
    window_bytes: int = Field(268_435_456, ge=1_048_576, description="Memory for the samples that a running job holds at a time.")

    auth_rate: int = Field(20, ge=1, description="Requests a minute of an address for logging in, registering, refreshing, logging out.")
    login_failures: int = Field(10, ge=1, description="Failed log-ins in 15 minutes of an e-mail from one address.")
    read_rate: int = Field(600, ge=1, description="Reading requests a minute of an account.")
    write_rate: int = Field(60, ge=1, description="Writing requests a minute of an account.")
    upload_rate: int = Field(60, ge=1, description="Uploads a minute of an account.")
    picture_rate: int = Field(3_000, ge=1, description="Pictures, tiles and artifacts a minute of an account.")
    sockets_per_account: int = Field(10, ge=1, description="Open sockets of an account.")
    socket_auth_seconds: float = Field(10.0, gt=0, description="How long a socket may stay without a log-in, in seconds.")
    socket_waiting: int = Field(1_000, ge=10, description="Frames that may wait for a slow client of a socket before it is closed.")
