"""Numbers of the spheroseg face; each is a setting with the default that clients of the face rely on."""

from pydantic import BaseModel, ConfigDict, Field

MEBIBYTE = 1_048_576


class SpherosegSettings(BaseModel):
    """Settings of the spheroseg face."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: str | None = Field(None, description="Address of the face's root as clients see it; empty: taken from each request.")

    cors_origins: tuple[str, ...] = Field((), description="Web origins whose pages may use the face, e.g. `https://cells.example.org`.")

    access_seconds: int = Field(900, ge=1, description="Life of an access token in seconds.")
    refresh_seconds: int = Field(604_800, ge=1, description="Life of a refresh token in seconds.")
    remember_seconds: int = Field(2_592_000, ge=1, description="Life of a refresh token after a log-in with remember_me, in seconds.")
    family_seconds: int = Field(7_776_000, ge=1, description="Life of a log-in with all its refreshes, in seconds.")
    reset_seconds: int = Field(3_600, ge=1, description="Life of a password reset link in seconds.")
    verification_seconds: int = Field(86_400, ge=1, description="Life of an e-mail verification link in seconds.")
    invitation_seconds: int = Field(604_800, ge=1, description="Life of an invitation link in seconds.")
    link_seconds: int = Field(3_600, ge=60, description="Life of a signed address of an image's bytes, in seconds.")

    storage_limit_bytes: int = Field(10_737_418_240, ge=0, description="Bytes of originals an account may own.")
    file_limit_bytes: int = Field(52_428_800, ge=1, description="Largest image file of an upload.")
    request_limit_bytes: int = Field(524_288_000, ge=1, description="Largest upload request.")
    json_limit_bytes: int = Field(20 * MEBIBYTE, ge=1, description="Largest JSON body.")
    files_per_upload: int = Field(20, ge=1, description="Most files of one upload.")
    avatar_limit_bytes: int = Field(5 * MEBIBYTE, ge=1, description="Largest file of a profile picture.")
    max_side: int = Field(20_000, ge=1, description="Longest side of an image in pixels.")
    max_pixels: int = Field(100_000_000, ge=1, description="Largest area of an image in pixels.")
    thumbnail_side: int = Field(256, ge=16, le=2048, description="Longest side of a thumbnail in pixels.")
    preview_side: int = Field(2_048, ge=16, le=8192, description="Longest side of a preview in pixels.")
    images_per_batch: int = Field(1_000, ge=1, description="Most image ids in one batch request.")
    split_pages_limit: int = Field(1_000, ge=1, description="Most images made from the pages of one file.")

    account_rate: int = Field(600, ge=1, description="Requests a minute of an account.")
    address_rate: int = Field(60, ge=1, description="Requests a minute of an address without a token.")
    bytes_rate: int = Field(3_000, ge=1, description="Requests a minute of an account for images' bytes.")
    upload_rate: int = Field(60, ge=1, description="Uploads in five minutes of an account.")
    login_failures_per_account: int = Field(10, ge=1, description="Failed log-ins in 15 minutes of an e-mail from one address.")
    login_failures_per_address: int = Field(30, ge=1, description="Failed log-ins in 15 minutes of an address.")
    registration_rate: int = Field(10, ge=1, description="Registrations an hour of an address.")
    email_check_rate: int = Field(10, ge=1, description="E-mail checks a minute of an address.")
    mail_rate: int = Field(10, ge=1, description="Mails an hour that one address can cause.")
    refresh_failures: int = Field(5, ge=1, description="Failed refreshes in a minute of one token; then 429.")
    handshake_rate: int = Field(60, ge=1, description="Socket handshakes a minute of an address.")
    sockets_per_account: int = Field(20, ge=1, description="Open sockets of an account.")
