"""Keys that the documents and answers of the spheroseg face promise."""


def _keys(names: str) -> set[str]:
    return set(names.split())


ENVELOPE = {"success", "message", "timestamp"}
ERROR = {"success", "error", "code", "message", "statusCode", "details", "errors", "timestamp", "requestId"}
CODES = {
    "VALIDATION_ERROR": 400,
    "AUTHENTICATION_REQUIRED": 401,
    "INVALID_CREDENTIALS": 401,
    "INSUFFICIENT_PERMISSIONS": 403,
    "RESOURCE_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "RESOURCE_CONFLICT": 409,
    "PRECONDITION_FAILED": 412,
    "FILE_TOO_LARGE": 413,
    "UNSUPPORTED_FORMAT": 422,
    "STORAGE_QUOTA_EXCEEDED": 422,
    "SEGMENTATION_FAILED": 422,
    "RATE_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
}
_TIMES = "created_at createdAt updated_at updatedAt"

PROFILE = _keys("username full_name title organization bio location avatar_url")
USER = PROFILE | _keys(f"id email name firstName lastName {_TIMES} role isEmailVerified preferred_language theme_preference profile")
TOKENS = _keys("tokens accessToken refreshToken expiresIn tokenType token")
SIGNED_IN = {"user"} | TOKENS
PROJECT = _keys(
    f"id title name description tags public user_id userId owner_name is_owner permission {_TIMES} image_count imageCount thumbnail_url "
    "pixel_size_um"
)
IMAGE = _keys(
    "id project_id projectId name originalName size file_size width height format mimeType storage_path storage_filename thumbnail_path "
    f"url thumbnail_url thumbnailUrl status segmentationStatus segmentation_status segmentation_id pixel_size_um metadata {_TIMES}"
)
METADATA = _keys("bit_depth channels pages axes extension_mismatch")
PAGING = _keys("total limit offset pagination")
PAGE = _keys("total limit offset page totalPages hasMore")
QUEUE = _keys(
    "pending processing queueLength activeTasksCount pendingTasks queuedTasks runningTasks processingImages queuedImages completedToday "
    "averageProcessingTime estimatedWaitTime systemLoad mlServiceStatus lastUpdated timestamp"
)
STATISTICS = _keys(
    "totalProjects totalImages completedSegmentations storageUsedBytes storageLimitBytes storageUsedMB recentActivity processedImages "
    "pendingImages failedImages totalCells recentProjects recentImages comparisons projects images segmentations storage activity"
)
SEGMENTATION = _keys(
    "id image_id status progress created_at completed_at processing_time results imageId project_id taskId version source stale queued_at "
    "started_at updated_at queue_time queue_position attempt imageWidth imageHeight pixel_size_um page parameters model warnings error "
    "polygons"
)
RESULT = SEGMENTATION | _keys("cellCount processingTime confidence createdAt updatedAt")
RESULTS = _keys("cell_count polygons features confidence_score")
SUMMARY = _keys("object_count total_area area_fraction units pixel_size_um confidence_method summary")
OBJECT = _keys(
    "id label type class cellType color parentId depth source valid touches_border bbox points area perimeter confidence features"
)
HOLE = _keys("id type class parentId depth points area")
FEATURES = _keys(
    "area filled_area hole_area hole_count perimeter perimeter_total circularity compactness sphericity convexity solidity "
    "equivalent_diameter volume_sphere feret_diameter_max feret_angle feret_diameter_min feret_diameter_max_orthogonal aspect_ratio "
    "major_axis minor_axis eccentricity orientation centroid_x centroid_y mean_intensity std_intensity min_intensity max_intensity "
    "integrated_intensity"
)
MODEL = _keys("requested used version fallback reason")
TRIGGER = _keys("taskId imageId status priority parameters model alreadyQueued warnings queueStatus")
BATCH = _keys("triggered taskIds failed totalImages queuedImages failedImages queueStatus")
VERSION = _keys("version source model parameters cell_count created_at created_by current")
UPLOAD = _keys("uploaded failed summary uploadedImages failedUploads")
FAILED_UPLOAD = _keys("index name filename size error code message")
BATCH_DELETE = _keys("deleted deletedCount failed summary")
SHARE = _keys("id projectId email permission isPending")
LISTED_SHARE = _keys("id email permission created_at user_name is_pending")
INVITATION = _keys("invitationUrl token expiresAt permission")
ACCEPTED = _keys("id title ownerName ownerEmail permission")
PROJECT_STATISTICS = _keys("images total_objects storage_bytes summary by_day")
EMAIL_CHECK = _keys("exists hasAccessRequest message")
