// The snapasset face: a prompt or a picture, cut for every platform.

import { request, upload, url } from "../../http.js";
import { user } from "../../session.js";

const FACE = "snapasset";

/** @typedef {{ id: string, name: string, width: number, height: number, aspectRatio: string, icon: string, group: "core" | "extra" }} Platform */
/** @typedef {{ platform: string, platformId: string, url: string, width: number, height: number, size: number, format: string, fit: string, alt: string, crop: object | null, upscaled: boolean }} AssetImage */
/** @typedef {{ success: boolean, generationId: string, images: AssetImage[], revisedPrompt: string | null, provider: string, model: string | null, zipUrl: string, partial: boolean, errors: { platform: string, message: string }[], ignoredTerms?: string[], recognizedTerms?: string[] }} AssetResult */
/** @typedef {{ jobId: string, status: string, progress: number, data: { userId: string, prompt: string | null, platforms: string[], options: Record<string, any>, sourceImageId?: string, sourceJobId?: string }, result: AssetResult | null, failedReason: string | null, createdAt: string, logs: string[], position?: number | null }} AssetJob */

/** @type {Promise<Platform[]> | null} */
let catalogue = null;

/** @returns {Promise<Platform[]>} */
export function platforms() {
  catalogue ??= request(FACE, "/api/platforms").then((answer) => answer.platforms).catch((error) => {
    catalogue = null;
    throw error;
  });
  return catalogue;
}

/** @param {{ prompt?: string | null, platforms: string[], options?: Record<string, any>, sourceImageId?: string, sourceJobId?: string }} wish @returns {Promise<string>} the job's id */
export async function create(wish) {
  return (await request(FACE, "/api/jobs", { json: { userId: user()?.id ?? "studio", ...wish } })).jobId;
}

/** @param {string} id @returns {Promise<AssetJob>} */
export const job = (id) => request(FACE, `/api/jobs/${id}`);

/** @param {Record<string, any>} [query] @returns {Promise<{ jobs: AssetJob[], total: number }>} */
export const list = (query) => request(FACE, "/api/jobs", { query });

/** @param {string} id */
export const cancel = (id) => request(FACE, `/api/jobs/${id}/cancel`, { method: "DELETE" });

/** @param {string} id */
export const retry = (id) => request(FACE, `/api/jobs/${id}/retry`, { method: "POST" });

/** @param {string} id */
export const remove = (id) => request(FACE, `/api/jobs/${id}`, { method: "DELETE" });

/** @param {File} file @param {(share: number) => void} onProgress @returns {Promise<{ id: string, width: number, height: number, url: string }>} */
export async function send(file, onProgress) {
  const form = new FormData();
  form.append("image", file);
  return (await upload(FACE, "/api/images/upload", form, onProgress)).image;
}

/** @returns {Promise<{ engine: string, engines: Record<string, { available: boolean, model: string | null, reason: string | null }> }>} */
export const health = () => request(FACE, "/api/health", { open: true });

/**
 * Follow a job by server-sent events; a frame `lost` says that no more will come although the job has not ended. Returns a function that stops.
 * @param {string} id @param {(frame: any) => void} onFrame
 */
export function follow(id, onFrame) {
  let stopped = false;
  /** @type {EventSource | null} */
  let source = null;
  request(FACE, "/api/sse/tickets", { json: { jobId: id } }).then(({ ticket }) => {
    if (stopped) return;
    source = new EventSource(url(FACE, `/api/sse/jobs/${id}`, { ticket }));
    source.onmessage = (event) => {
      const frame = JSON.parse(event.data);
      if (frame.type === "done") source?.close();
      onFrame(frame);
    };
    // The browser comes back by itself to a stream that breaks, not to one that is refused: the ticket is of no use any more.
    source.onerror = () => source?.readyState === EventSource.CLOSED && onFrame({ type: "lost" });
  }, () => onFrame({ type: "lost" }));
  return () => {
    stopped = true;
    source?.close();
  };
}
