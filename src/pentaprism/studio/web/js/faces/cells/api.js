// The spheroseg face: projects, images, segmentations with their versions, exports and shares.

import { request, upload, url } from "../../http.js";

const FACE = "spheroseg";
const API = "/api";

/** @typedef {{ x: number, y: number, source?: string }} PixelSize in µm */
/** @typedef {{ id: string, title: string, description: string, tags: string[], public: boolean, owner_name: string | null, is_owner: boolean, permission: "owner" | "edit" | "view", created_at: string, updated_at: string, image_count: number, thumbnail_url: string | null, pixel_size_um: PixelSize | null }} Project */
/** @typedef {"without_segmentation" | "queued" | "processing" | "completed" | "failed"} Status */
/** @typedef {{ id: string, project_id: string, name: string, size: number, width: number, height: number, format: string, url: string, thumbnail_url: string, status: Status, page: number, pixel_size_um: PixelSize | null, metadata: { bit_depth: number | null, channels: number | null, pages: number }, created_at: string }} Image */
/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ id: string, type: "external" | "internal", parentId: string | null, depth?: number, label?: number, class?: string, cellType?: string | null, color?: string | null, source?: string, valid?: boolean, touches_border?: boolean, points: Point[], confidence?: number | null, features?: Record<string, number | null> | null }} Polygon */
/** @typedef {{ id: string | null, image_id: string, project_id: string, name: string, status: Status, progress: number, version: number | null, source: string | null, stale: boolean, imageWidth: number, imageHeight: number, pixel_size_um: PixelSize | null, page: number, parameters: Record<string, any>, model: { requested: string, used: string | null, fallback: boolean, reason: string | null } | null, warnings: string[], error: { message: string | null } | null, queue_position: number | null, taskId: string | null, processing_time: number | null, polygons: Polygon[], results: { cell_count: number, confidence_score: number | null } | null, restored_version?: number }} Segmentation */
/** @typedef {{ version: number, source: string, cell_count: number, created_at: string, created_by: string | null, current: boolean, model: { used?: string | null } | null }} Version */
/** @typedef {{ id: string, name: string, projectId: string, taskId: string, progress?: number, position?: number }} Queued */
/** @typedef {{ pending: number, processing: number, processingImages: Queued[], queuedImages: Queued[] }} Queue */
/** @typedef {{ id: string, email: string, permission: "view" | "edit", user_name: string | null, is_pending: boolean }} Share */
/** @typedef {{ id: string, displayName: string, description: string, available: boolean, default: boolean }} Model */
/** @typedef {{ id: string, status: string, progress: number, size: number | null, fileName: string | null, error: string | null }} Export */

/** @param {string} path @param {import("../../http.js").Options} [options] */
const call = (path, options) => request(FACE, API + path, options);

/** @param {Record<string, any>} query @returns {Promise<{ projects: Project[], total: number }>} */
export const projects = (query) => call("/projects", { query });
/** @param {string} id @returns {Promise<Project>} */
export const project = (id) => call(`/projects/${id}`);
/** @param {Record<string, any>} wish @returns {Promise<Project>} */
export const createProject = (wish) => call("/projects", { json: wish });
/** @param {string} id @param {Record<string, any>} change @returns {Promise<Project>} */
export const changeProject = (id, change) => call(`/projects/${id}`, { method: "PUT", json: change });
/** @param {string} id */
export const deleteProject = (id) => call(`/projects/${id}`, { method: "DELETE" });
/** @param {string} id @returns {Promise<{ summary: Record<string, any>, total_objects: number, images: Record<string, number> }>} */
export const statistics = (id) => call(`/projects/${id}/statistics`);

/** @param {string} id @param {Record<string, any>} query @returns {Promise<{ images: Image[], total: number }>} */
export const images = (id, query) => call(`/projects/${id}/images`, { query });
/** @param {string} id @returns {Promise<Image>} */
export const image = (id) => call(`/images/${id}`);
/** @param {string} id */
export const deleteImage = (id) => call(`/images/${id}`, { method: "DELETE" });
/** @param {string} id @param {string[]} imageIds @returns {Promise<{ deletedCount: number }>} */
export const deleteImages = (id, imageIds) => call(`/projects/${id}/images/batch-delete`, { json: { imageIds } });
/** @param {string} id @param {{ x: number, y: number } | null} size @returns {Promise<Image>} */
export const calibrateImage = (id, size) => call(`/images/${id}`, { method: "PATCH", json: { pixel_size_um: size } });

/**
 * @param {string} id of the project @param {File[]} files @param {(share: number) => void} onProgress @param {AbortSignal} [signal]
 * @returns {Promise<{ uploaded: Image[], failed: { index: number, message: string }[] }>}
 */
export function sendImages(id, files, onProgress, signal) {
  const form = new FormData();
  for (const file of files) form.append("images", file);
  return upload(FACE, `${API}/projects/${id}/images`, form, onProgress, signal);
}

/** @param {string} id @returns {Promise<Segmentation>} */
export const segmentation = (id) => call(`/images/${id}/segmentation`);
/** @param {string} id @returns {Promise<{ status: Status, progress: number, error: string | null }>} */
export const status = (id) => call(`/images/${id}/segmentation/status`);
/** @param {string} id @param {Record<string, any>} wish @returns {Promise<{ warnings: string[] }>} */
export const resegment = (id, wish = {}) => call(`/segmentation/${id}/resegment`, { json: wish });
/** @param {string} id of the project @param {Record<string, any>} wish @returns {Promise<{ queuedImages: number, totalImages: number, failed: { error: string }[] }>} */
export const segmentMany = (id, wish) => call(`/projects/${id}/segmentation/batch-trigger`, { json: wish });
/** @param {string} imageId */
export const cancelRun = (imageId) => call(`/segmentation/task/${imageId}`, { method: "DELETE" });
/** @param {string} imageId */
export const clearResult = (imageId) => call(`/images/${imageId}/segmentation`, { method: "DELETE", query: { clear: true } });
/** @param {string} id @param {Polygon[]} polygons @param {number} version that was edited, 0 before the first @returns {Promise<Segmentation>} */
export const savePolygons = (id, polygons, version) =>
  call(`/images/${id}/segmentation`, { method: "PUT", json: { polygons: polygons.map(stored) }, headers: { "If-Match": `"v${version}"` } });
/** @param {string} id @returns {Promise<{ versions: Version[], currentVersion: number | null }>} */
export const versions = (id) => call(`/images/${id}/segmentation/versions`);
/** @param {string} id @param {number} number @returns {Promise<Segmentation>} */
export const version = (id, number) => call(`/images/${id}/segmentation/versions/${number}`);
/** @param {string} id @param {number} number @returns {Promise<Segmentation>} */
export const restore = (id, number) => call(`/images/${id}/segmentation/versions/${number}/restore`, { method: "POST" });
/** @param {string} [projectId] @returns {Promise<Queue>} */
export const queue = (projectId) => call(projectId ? `/segmentation/queue-status/${projectId}` : "/segmentation/queue");
/** @returns {Promise<{ models: Model[] }>} */
export const models = () => call("/segmentation/models");

/** @param {string} id @param {Record<string, any>} query @returns {Promise<Response>} */
export const exportNow = (id, query) => call(`/projects/${id}/export`, { query, as: "response" });
/** @param {string} id @param {Record<string, any>} wish @returns {Promise<Export>} */
export const beginExport = (id, wish) => call(`/projects/${id}/exports`, { json: wish });
/** @param {string} id @returns {Promise<Export>} */
export const exportState = (id) => call(`/exports/${id}`);
/** @param {string} id @returns {Promise<Blob>} */
export const exportFile = (id) => call(`/exports/${id}/download`, { as: "blob" });

/** @param {string} projectId @returns {Promise<{ data: Share[] }>} */
export const shares = (projectId) => call(`/project-shares/${projectId}`);
/** @param {string} projectId @param {{ email: string, permission: string }} wish */
export const share = (projectId, wish) => call(`/project-shares/${projectId}`, { json: wish });
/** @param {string} projectId @param {string} shareId */
export const unshare = (projectId, shareId) => call(`/project-shares/${projectId}/${shareId}`, { method: "DELETE" });
/** @param {string} projectId @param {string} permission @returns {Promise<{ data: { token: string, expiresAt: string } }>} */
export const invite = (projectId, permission) => call(`/project-shares/${projectId}/invitation-link`, { json: { permission } });
/** @param {string} token @returns {Promise<{ data: { id: string, title: string } }>} */
export const accept = (token) => call(`/project-shares/invitation/${encodeURIComponent(token)}`, { method: "POST" });

/** A signed address of the face, reached the way this page was. @param {string} address */
export function signed(address) {
  const given = new URL(address);
  const place = given.pathname.search(/\/(?:thumbnails|uploads|api)\//);
  return `${url(FACE, given.pathname.slice(place))}${given.search}`;
}

/** A picture of a page of an image. @param {string} id @param {Record<string, any>} query size, page, region @param {AbortSignal} [signal] @returns {Promise<Blob>} */
export const preview = (id, query, signal) => call(`/images/${id}/preview`, { query, as: "blob", signal });

/** What the server keeps of a polygon; every number is measured there. @param {Polygon} polygon */
function stored({ id, type, parentId, points, class: kind, cellType, color }) {
  return { id, type, parentId, points: points.map(({ x, y }) => [x, y]), class: kind, cellType, color };
}
