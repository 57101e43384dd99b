// The quarry face: pictures, prompts, masks. What people wait for counts against its light limits, so the page asks by handle, not by upload.

import { ApiError, patiently } from "../../faults.js";
import { request, upload } from "../../http.js";

const FACE = "quarry";

/** @typedef {{ name: string, version: string, kind: "sam" | "embedded" }} Engine */
/** @typedef {{ requested: string, used: string, reason: string, message: string }} Fallback */
/** @typedef {{ exterior: [number, number][], holes: [number, number][][] }} Polygon */
/** @typedef {{ job_id: string, model_type: string, engine: Engine, fallback: Fallback | null, image_id: string, image_width: number, image_height: number, truncated: boolean, warnings: string[], processing_time_ms: number }} Info */
/** @typedef {{ mask_index: number, mask_data: Polygon[], confidence: number, bbox: { x: number, y: number, width: number, height: number }, area: number, stability_score: number, prompt_index: number | null }} RawMask */
/** @typedef {Info & { status: string, total_masks: number | null, masks: RawMask[], error_message: string | null }} Segmentation */
/** @typedef {{ job_id: string, status: "pending" | "running" | "completed" | "failed", progress: number, total_images: number, processed_images: number, failed_images: number, error_code: string | null, error_message: string | null, cancelled: boolean, position?: number | null }} Status */
/** @typedef {Status & { kind: "single" | "auto" | "box" | "extract" | "batch", batch_job_id: string | null, total_masks: number | null, created_at: string, model_type: string, engine: Engine | null, fallback: Fallback | null }} Job */
/** @typedef {{ batch_job_id: string, status: Status["status"], progress: number, total_images: number, completed_images: number, failed_images: number, cancelled: boolean, jobs: { job_id: string, index: number, status: Status["status"], total_masks: number | null, error_message: string | null }[] }} Batch */
/** @typedef {{ name: string, path: string, area: number, bbox: number[], width: number, height: number, predicted_iou: number }} Cut */
/** @typedef {Info & { objects: Cut[], saved: string[], skipped: number, skipped_reasons: Record<string, number> }} Extraction */
/** @typedef {{ image_id: string, width: number, height: number, engine: Engine, fallback: Fallback | null, warnings: string[] }} Handle */
/** @typedef {{ name: string, description: string, usable: boolean, default: boolean }} Model */
/** @typedef {{ x: number, y: number, label: 0 | 1 }} Point */
/** @typedef {{ x1: number, y1: number, x2: number, y2: number }} Box */

/** @param {string} path @param {Record<string, any>} fields @param {AbortSignal} [signal] */
function post(path, fields, signal) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null && value !== "") form.append(name, value instanceof Blob ? value : typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return request(FACE, path, { form, signal });
}

/** Store a picture and make it ready for clicks. @param {Blob} file @param {string} model @param {(share: number) => void} onProgress @param {AbortSignal} [signal] @returns {Promise<Handle>} */
export async function send(file, model, onProgress, signal) {
  const form = new FormData();
  form.append("image", file);
  if (model) form.append("model_type", model);
  for (;;) {
    try {
      return await upload(FACE, "/segment/embed", form, onProgress, signal);
    } catch (error) {
      const wait = error instanceof ApiError && error.status === 429 ? error.body?.details?.retry_after : null;
      if (!wait) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }
}

/** Make a stored picture ready with another model. @param {string} image @param {string} model @returns {Promise<Handle>} */
export const ready = (image, model) => post("/segment/embed", { image_id: image, model_type: model });

/** Masks of one object, as polygons along pixel edges. @param {string} image @param {string} model @param {{ points: Point[], box: Box | null }} prompt @param {AbortSignal} signal @returns {Promise<Segmentation>} */
export const prompted = (image, model, { points, box }, signal) => post("/segment/single", {
  image_id: image, model_type: model, coordinates: "pixel", format: "polygon", ...(points.length ? { points } : {}), ...(box ? { boxes: [box] } : {}),
}, signal);

/** Find everything. @param {string} image @param {string} model @param {Record<string, any>} parameters @returns {Promise<{ job_id: string }>} */
export const everything = (image, model, parameters) => post("/segment/auto/async", { image_id: image, model_type: model, ...parameters });

/** Cut out every object on the server. @param {string} image @param {string} model @param {Record<string, any>} parameters @returns {Promise<{ job_id: string }>} */
export const extract = (image, model, parameters) => post("/segment/objects/extract/async", { image_id: image, model_type: model, ...parameters });

/** @param {string[]} images handles @param {string} model @param {Record<string, any>} parameters @returns {Promise<{ batch_job_id: string, jobs: { job_id: string, index: number }[] }>} */
export const startBatch = (images, model, parameters) => request(FACE, "/segment/batch", { json: { ...(model ? { model_type: model } : {}), images: images.map((image_id) => ({ image_id })), parameters } });

/** @param {string} id @returns {Promise<Batch>} */
export const batch = (id) => request(FACE, `/segment/batch/${id}`);

/** @param {string} id @param {Record<string, any>} [query] @returns {Promise<Status>} */
export const status = async (id, query) => (await request(FACE, `/jobs/${id}/status`, { query })).data;

/** @param {string} id @returns {Promise<Job>} */
export const job = async (id) => (await request(FACE, `/jobs/${id}`)).data;

/** @param {Record<string, any>} query @returns {Promise<{ data: Job[], total: number, page: number, total_pages: number }>} */
export const jobs = (query) => request(FACE, "/jobs", { query });

/** @param {string} id @returns {Promise<Segmentation>} masks of any job on one picture */
export const segmentation = (id) => request(FACE, `/segment/job/${id}`, { query: { format: "polygon" } });

/** @param {string} id @returns {Promise<Extraction>} */
export const extraction = (id) => request(FACE, `/jobs/${id}/result`, { query: { masks: false } });

/** @param {string} id @returns {Promise<Blob>} the picture as it was sent */
export const picture = (id) => request(FACE, `/jobs/${id}/image`, { as: "blob" });

/** @param {string} id @param {number} number @returns {Promise<Blob>} */
export const object = (id, number) => request(FACE, `/jobs/${id}/objects/${number}`, { as: "blob" });

/** @param {string} id @returns {Promise<Blob>} the picture with its masks */
export const visualization = (id) => request(FACE, `/segment/job/${id}/visualization`, { query: { format: "svg", labels: false }, as: "blob" });

/** @param {string} id @param {string} format @returns {Promise<Blob>} */
export const exported = (id, format) => request(FACE, `/jobs/${id}/export`, { query: { format }, as: "blob" });

/** @param {string} id */
export const cancel = (id) => request(FACE, `/jobs/${id}/cancel`, { method: "POST" });

/** @param {string} id @returns {Promise<Job>} the job that works on it now, which is a new one where it was cancelled */
export const retry = async (id) => (await request(FACE, `/jobs/${id}/retry`, { method: "POST" })).data;

/** @param {string} id */
export const remove = (id) => request(FACE, `/jobs/${id}`, { method: "DELETE" });

/** @returns {Promise<Model[]>} */
export const models = async () => (await request(FACE, "/models")).data;

/**
 * Look after a job until it ends. The state is told at each look.
 * @param {string} id @param {(state: Status) => void} onState @param {() => boolean} wanted whether somebody still waits for it @returns {Promise<Status | null>} null when nobody waits any more
 */
export async function ended(id, onState, wanted) {
  while (wanted()) {
    const state = await patiently(() => status(id));
    if (wanted()) onState(state);
    if (state.status === "completed" || state.status === "failed") return state;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return null;
}
