"""Numbers of the imagineai face; each is a setting with the default that clients of the face rely on."""

from pydantic import BaseModel, ConfigDict, Field


class ImagineaiSettings(BaseModel):
    """Settings of the imagineai face."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: str | None = Field(None, description="Address of the face's root as clients see it; empty: taken from each request.")
    cors_origins: tuple[str, ...] = Field(("http://localhost:4200",), description="Web origins whose pages may use the face.")

    access_seconds: int = Field(1_800, ge=1, description="Life of an access token in seconds.")
    refresh_seconds: int = Field(604_800, ge=1, description="Life of a refresh token in seconds.")
    family_seconds: int = Field(7_776_000, ge=1, description="Life of a log-in with all its refreshes, in seconds.")
    grace_seconds: float = Field(
        10.0, ge=0, description="A refresh token that comes again later than this after its rotation ends the whole session."
    )
    link_seconds: int = Field(3_600, ge=1, description="Life of a signed address of an image's bytes, in seconds.")
    upload_seconds: int = Field(3_600, ge=1, description="Life of a presigned upload address, in seconds.")
    pending_seconds: int = Field(86_400, ge=1, description="After this time an image that was announced and never confirmed is removed.")

    file_limit_bytes: int = Field(50_000_000, ge=1, description="Largest image file.")
    json_limit_bytes: int = Field(1_048_576, ge=1024, description="Largest JSON body.")
    max_side: int = Field(20_000, ge=1, description="Longest side of an image in pixels.")
    max_pixels: int = Field(100_000_000, ge=1, description="Largest area of an image in pixels.")
    files_per_upload: int = Field(20, ge=1, description="Most files of one multi upload.")
    images_per_batch: int = Field(100, ge=1, description="Most images of one batch.")
    images_at_once: int = Field(4, ge=1, description="Images of one batch that are worked on at a time.")
    image_seconds: int = Field(300, ge=1, description="Time limit of one image and attempt, in seconds.")
    retry_seconds: tuple[float, ...] = Field((30.0, 60.0, 120.0), description="Waits before the further attempts after a passing fault.")

    text_evidence: bool = Field(True, description="Let title, description and file name count as evidence.")
    title_weight: float = Field(0.60, ge=0, le=1, description="Weight of the text where the title names the label.")
    text_weight: float = Field(0.30, ge=0, le=1, description="Weight of the text where only description or file name do.")
    fine_threshold: float = Field(0.35, ge=0, le=1, description="Least probability of a fine label.")
    category_label_threshold: float = Field(0.50, ge=0, le=1, description="Least summed probability of a category as the label.")
    category_threshold: float = Field(0.50, ge=0, le=1, description="Least category confidence that fills the product's category.")
    color_threshold: float = Field(0.35, ge=0, le=1, description="Least confidence of the attribute color.")
    pattern_threshold: float = Field(0.50, ge=0, le=1, description="Least confidence of the attribute pattern.")
    material_threshold: float = Field(0.50, ge=0, le=1, description="Least confidence of the attribute material.")
    style_threshold: float = Field(0.50, ge=0, le=1, description="Least confidence of the attribute style.")
    defect_threshold: float = Field(0.30, ge=0, le=1, description="Least confidence of a defect on a plain surface.")
    textured_defect_threshold: float = Field(0.80, ge=0, le=1, description="Least confidence of a defect on a patterned surface.")
    most_defects: int = Field(10, ge=0, description="Most defects of an image.")
    correction_similarity: float = Field(0.90, ge=0, le=1, description="Least cosine similarity at which a corrected image votes.")

    clip_image_model: str | None = Field(
        None, description="ONNX file of a CLIP image encoder; with the other three files it replaces the classifier."
    )
    clip_text_model: str | None = Field(None, description="ONNX file of the CLIP text encoder.")
    clip_vocabulary: str | None = Field(None, description="Vocabulary file of the CLIP tokenizer (vocab.json).")
    clip_merges: str | None = Field(None, description="Merges file of the CLIP tokenizer (merges.txt).")
    clip_name: str = Field("onnx", max_length=32, description="Name of the CLIP model as model_version shows it.")
    clip_logit_scale: float = Field(100.0, gt=0, description="Logit scale of the CLIP model, already exponentiated.")
    bedrock_model: str | None = Field(None, description="Amazon Bedrock model id, inference profile or ARN that writes descriptions.")
    bedrock_region: str | None = Field(None, description="AWS region of Bedrock; empty: that of the AWS configuration.")
    bedrock_endpoint: str | None = Field(None, description="Address of Bedrock, where it is not the usual one.")
    bedrock_temperature: float | None = Field(0.3, ge=0, le=1, description="Temperature of descriptions; empty: not sent.")
    bedrock_seconds: float = Field(90.0, gt=0, description="Time limit of a description by Bedrock, in seconds.")
    bedrock_breaker_seconds: float = Field(60.0, ge=0, description="Pause of Bedrock after five failures in a row, in seconds.")

    webhook_http: bool = Field(False, description="Allow webhooks to http addresses.")
    webhook_hosts: tuple[str, ...] = Field((), description="Internal host names that webhooks may call.")
    webhook_seconds: float = Field(10.0, gt=0, description="Time limit of one webhook call, in seconds.")
    webhook_retry_seconds: tuple[float, ...] = Field(
        (30.0, 60.0, 120.0, 240.0, 480.0), description="Waits before a delivery is tried again."
    )
    webhook_failures: int = Field(10, ge=1, description="Failed deliveries in a row that disable a webhook.")

    auth_rate: int = Field(10, ge=1, description="Calls of register, login, refresh and logout a minute of an address.")
    upload_rate: int = Field(30, ge=1, description="Upload calls a minute of an account.")
    analysis_rate: int = Field(60, ge=1, description="Calls of analysis and batch a minute of an account.")
    read_rate: int = Field(120, ge=1, description="Other GET calls a minute of an account.")
    write_rate: int = Field(60, ge=1, description="Other POST, PATCH and DELETE calls a minute of an account.")
    bytes_rate: int = Field(600, ge=1, description="Calls a minute of an account for image bytes and thumbnails.")
    channel_prefix: str = Field("", max_length=64, description="What precedes `job:<id>`, the Redis channel of a job's frames.")
    sockets_per_account: int = Field(5, ge=1, description="Open sockets of an account.")
