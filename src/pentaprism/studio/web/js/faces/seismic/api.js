// The promethium face: seismic datasets, and the jobs that fill their missing traces or take their noise away.

import { ApiError } from "../../faults.js";
import { request, upload, url } from "../../http.js";
import { freshToken } from "../../session.js";

const FACE = "promethium";
const API = "/api/v1";

/** @typedef {{ code: string, message: string }} Fault */
/** @typedef {{ code: string, message: string, first_trace?: number | null, traces?: number | null }} Warning */
/** @typedef {{ id: string, name: string, format: "segy" | "miniseed" | "npy", traces: number | null, samples: number | null, sample_rate: number | null, sample_interval_us: number | null, size_bytes: number, status: "processing" | "ready" | "failed", created_at: string, updated_at: string, tags: string[], error: Fault | null, source_job_id: string | null, preview_url: string }} DatasetItem */
/** @typedef {{ min: number | null, max: number | null, mean: number | null, rms: number | null, p99_abs: number | null, nonfinite: number, zero_fraction: number, sampled: boolean }} Statistics */
/** @typedef {{ kind: string, gather_key: string, gathers: number, traces_per_gather: { min: number, max: number }, offset: { min: number, max: number } | null, inline: any, crossline: any, bounds: any }} Geometry */
/** @typedef {{ count: number, indices: number[], reasons: Record<string, number> }} DeadTraces */
/** @typedef {{ delay_ms: number, delay_varies: boolean, duration_ms: number | null, sample_format: string | null, coordinate_unit: string | null }} Layout */
/** @typedef {{ text_header: string | null, binary_header: Record<string, any>, text_encoding: string | null, byte_order: string | null, extended_text_headers: string[], miniseed: any, npy: any }} Headers */
/** @typedef {{ source_dataset_id: string, source_name: string, job_id: string, type: string, model: any, filled_traces: number[] | { count: number, indices: number[] }, created_at: string, deleted: boolean }} Lineage */
/** @typedef {{ tile_size: number, levels: number, width: number, height: number, url_template: string }} Tiles */
/** @typedef {DatasetItem & { description: string | null, statistics: Statistics | null, headers: Headers | null, layout: Layout | null, geometry: Geometry | null, dead_traces: DeadTraces | null, gaps: { trace: number, first_sample: number, samples: number }[] | null, warnings: Warning[] | null, lineage: Lineage | null, tiles: Tiles | null, sha256: string, download_url: string }} Dataset */
/** @typedef {{ index: number, dead: boolean, missing: boolean, rms: number | null, delay_ms: number, gather: number, fields: Record<string, number> }} TraceRow */
/** @typedef {{ index: number, key: string, value: number | null, first_trace: number, traces: number, offset_min: number | null, offset_max: number | null, dead: number }} Gather */
/** @typedef {{ timestamp: string, level: "debug" | "info" | "warning" | "error", message: string }} LogLine */
/** @typedef {{ id: string, type: "reconstruction" | "denoising", status: "pending" | "running" | "completed" | "failed" | "cancelled", progress: number, dataset_id: string, model_id: string, model_name: string, dataset_name: string, output_dataset_id: string | null, error: Fault | null, attempts: number, eta_seconds: number | null, created_at: string, started_at: string | null, completed_at: string | null, position?: number | null }} JobItem */
/** @typedef {JobItem & { parameters: Record<string, any>, effective_parameters: Record<string, any>, unused_parameters: string[], warnings: Warning[], max_attempts: number, logs: LogLine[] }} Job */
/** @typedef {{ name: string, url: string, content_type: string, size_bytes: number }} Artifact */
/** @typedef {{ job_id: string, output_dataset_id: string | null, metrics: Record<string, any>, artifacts: Artifact[], type: string, model: { name: string, version: string }, selected_model: { name: string } | string | null, fallback: { from: string, reason: string } | null, filled_traces: { count: number, indices: number[] }, warnings: Warning[], lineage: Lineage }} Result */
/** @typedef {{ id: string, name: string, display_name: string, version: string, architecture: string, type: string, description: string, metrics: { snr_improvement: number | null, ssim: number | null, basis: string }, min_traces: number, parameter_schema: { properties: Record<string, any> }, training_data?: string, limitations?: string | string[], license: string | null }} Model */
/** @template T @typedef {{ items: T[], total: number, page: number, per_page: number, pages: number }} Page */

/** @param {Record<string, any>} query @returns {Promise<Page<DatasetItem>>} */
export const datasets = (query) => request(FACE, `${API}/datasets`, { query });

/** @param {string} id @returns {Promise<Dataset>} */
export const dataset = (id) => request(FACE, `${API}/datasets/${id}`);

/** @param {string} id @param {Record<string, any>} changes @returns {Promise<Dataset>} */
export const change = (id, changes) => request(FACE, `${API}/datasets/${id}`, { method: "PATCH", json: changes });

/** @param {string} id */
export const remove = (id) => request(FACE, `${API}/datasets/${id}`, { method: "DELETE" });

/** @param {string} id @param {Record<string, any>} query @returns {Promise<Page<TraceRow>>} */
export const traces = (id, query) => request(FACE, `${API}/datasets/${id}/traces`, { query });

/** The table of all traces as CSV. @param {string} id @returns {Promise<Blob>} */
export const traceCsv = (id) => request(FACE, `${API}/datasets/${id}/traces`, { query: { format: "csv" }, as: "blob" });

/** @param {string} id @param {Record<string, any>} query @returns {Promise<Page<Gather> & { gather_key: string }>} */
export const gathers = (id, query) => request(FACE, `${API}/datasets/${id}/gathers`, { query });

/** Raw samples as an NPY file. @param {string} id @param {Record<string, any>} window @param {AbortSignal} [signal] @returns {Promise<Blob>} */
export const samples = (id, window, signal) => request(FACE, `${API}/datasets/${id}/samples`, { query: window, as: "blob", signal });

/** @param {Record<string, any>} query @returns {Promise<Page<JobItem>>} */
export const jobs = (query) => request(FACE, `${API}/jobs`, { query });

/** @param {string} id @returns {Promise<Job>} */
export const job = (id) => request(FACE, `${API}/jobs/${id}`);

/** @param {string} id @param {Record<string, any>} query @returns {Promise<{ logs: LogLine[], next_since: string | null, truncated: boolean }>} */
export const logs = (id, query) => request(FACE, `${API}/jobs/${id}/logs`, { query });

/** @param {{ type: string, dataset_id: string, model_id: string, parameters: Record<string, any> }} wish @returns {Promise<{ id: string }>} */
export const start = (wish) => request(FACE, `${API}/jobs`, { json: wish });

/** @param {string} id */
export const cancel = (id) => request(FACE, `${API}/jobs/${id}/cancel`, { method: "POST" });

/** A new job like this one. @param {string} id @returns {Promise<{ id: string }>} */
export const retry = (id) => request(FACE, `${API}/jobs/${id}/retry`, { method: "POST" });

/** @param {string} id */
export const removeJob = (id) => request(FACE, `${API}/jobs/${id}`, { method: "DELETE" });

/** @param {string} id @returns {Promise<Result>} */
export const result = (id) => request(FACE, `${API}/jobs/${id}/results`);

/** The result with model and date in its text header. @param {string} id @returns {Promise<Blob>} */
export const annotated = (id) => request(FACE, `${API}/jobs/${id}/results/download`, { query: { format: "segy", annotate: true }, as: "blob" });

/** @type {Map<string, Promise<Model[]>>} */
const catalogue = new Map();

/** The models of a type, the automatic choice first. @param {string} type @returns {Promise<Model[]>} */
export function models(type) {
  const found = catalogue.get(type) ?? request(FACE, `${API}/models`, { query: { type } }).then((answer) => answer.items).catch((error) => {
    catalogue.delete(type);
    throw error;
  });
  catalogue.set(type, found);
  return found;
}

/** @param {string} id @returns {Promise<Model>} */
export const model = (id) => request(FACE, `${API}/models/${id}`);

/** A signed address with more parameters. @param {string} link @param {Record<string, any>} query */
export function linked(link, query) {
  const address = new URL(link, location.href);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") address.searchParams.set(name, String(value));
  }
  return address.href;
}

/** What the server says of a picture that did not load. @param {string} link @returns {Promise<string>} */
export async function refusal(link) {
  const answer = await fetch(link).catch(() => null);
  if (!answer) return "The server cannot be reached.";
  const body = await answer.json().catch(() => null);
  return body?.detail ?? (answer.ok ? "The picture could not be shown." : `The server answered ${answer.status}.`);
}

const PIECE = 8 * 1024 * 1024;
const TRIES = 5;

/**
 * Send a file; a large one in pieces, so that a broken line costs one piece and not all.
 * @param {File} file @param {{ description?: string, tags?: string[], sample_interval_us?: number }} told
 * @param {(share: number) => void} onProgress @param {AbortSignal} signal @returns {Promise<{ id: string, name: string }>}
 */
export async function send(file, told, onProgress, signal) {
  if (file.size > 2 * PIECE) return sendPieces(file, told, onProgress, signal);
  const form = new FormData();
  for (const [name, value] of Object.entries(told)) form.append(name, Array.isArray(value) ? JSON.stringify(value) : String(value));
  form.append("file", file);
  return upload(FACE, `${API}/datasets`, form, onProgress, signal);
}

/** @param {File} file @param {Record<string, any>} told @param {(share: number) => void} onProgress @param {AbortSignal} signal */
async function sendPieces(file, told, onProgress, signal) {
  const { upload_id: id, chunk_bytes: most } = await request(FACE, `${API}/datasets/uploads`, { json: { filename: file.name, size_bytes: file.size }, signal });
  const size = Math.min(PIECE, most);
  for (let offset = 0; offset < file.size; offset += size) {
    await sendPiece(id, file.slice(offset, offset + size), offset, (sent) => onProgress((offset + sent) / file.size), signal);
  }
  return request(FACE, `${API}/datasets/uploads/${id}/complete`, { json: told, signal });
}

/** @param {string} id @param {Blob} piece @param {number} offset @param {(sent: number) => void} onProgress @param {AbortSignal} signal */
async function sendPiece(id, piece, offset, onProgress, signal) {
  for (let attempt = 1; ; attempt += 1) {
    const status = await put(url(FACE, `${API}/datasets/uploads/${id}`, { offset }), piece, onProgress, signal);
    // A conflict on a later try: the piece had arrived although its answer did not.
    if (status.ok || (status.code === 409 && attempt > 1)) return;
    if (signal.aborted) throw new DOMException("aborted", "AbortError");
    if (attempt === TRIES || (status.code >= 400 && status.code < 500 && status.code !== 429)) throw new ApiError(status.message, status.code, status.requestId);
    await new Promise((resolve) => setTimeout(resolve, 1000 * attempt));
  }
}

/** @param {URL} address @param {Blob} piece @param {(sent: number) => void} onProgress @param {AbortSignal} signal @returns {Promise<{ ok: boolean, code: number, message: string, requestId: string | null }>} */
async function put(address, piece, onProgress, signal) {
  const token = await freshToken();
  return new Promise((resolve) => {
    const call = new XMLHttpRequest();
    const lost = () => resolve({ ok: false, code: 0, message: "The upload broke off. Check the connection and try again.", requestId: null });
    call.open("PUT", address);
    call.setRequestHeader("Content-Type", "application/octet-stream");
    if (token) call.setRequestHeader("Authorization", `Bearer ${token}`);
    call.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    call.addEventListener("load", () => resolve({ ok: call.status < 300, code: call.status, message: wordsOf(call), requestId: call.getResponseHeader("X-Request-ID") }));
    call.addEventListener("error", lost);
    call.addEventListener("abort", lost);
    signal.addEventListener("abort", () => call.abort(), { once: true });
    call.send(piece);
  });
}

/** @param {XMLHttpRequest} call @returns {string} */
function wordsOf(call) {
  try {
    return JSON.parse(call.responseText).detail;
  } catch {
    return `The server answered ${call.status}.`;
  }
}
