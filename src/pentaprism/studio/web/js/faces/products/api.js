// The imagineai face: products, their photos, what was found in them.

import { request, upload, url } from "../../http.js";

const FACE = "imagineai";
const API = "/api/v1";

/** @typedef {{ id: string, original_filename: string, content_type: string, file_size_bytes: number | null, width: number | null, height: number | null, is_primary: boolean, upload_status: string, created_at: string, url: string | null, thumbnail_url: string | null }} Photo */
/** @typedef {{ id: string, title: string, description: string | null, category: string | null, subcategory: string | null, ai_description: string | null, status: "draft" | "processing" | "active" | "archived", metadata_: Record<string, any>, images: Photo[], created_at: string, updated_at: string }} Product */
/** @typedef {{ id: string, attribute_name: string, attribute_value: string, confidence: number, source: "image" | "text" | "user" }} Attribute */
/** @typedef {{ x: number, y: number, width: number, height: number }} Box */
/** @typedef {{ id: string, defect_type: string, severity: "low" | "medium" | "high", confidence: number, bounding_box: Box, description: string | null, user_verdict: "confirmed" | "rejected" | null }} Defect */
/** @typedef {{ name: string, version: string, kind: string, fallback_from: string | null, reason: string | null }} Engine */
/** @typedef {{ id: string, product_image_id: string, model_version: string, classification_label: string | null, classification_confidence: number | null, classification_scores: Record<string, number>, description_text: string | null, description_model: string | null, processing_time_ms: number | null, status: string, error_message: string | null, extracted_attributes: Attribute[], detected_defects: Defect[], category: string | null, category_confidence: number | null, subcategory: string | null, engines: Record<string, Engine> | null, quality: { flags?: string[] } | null, user_label: string | null }} Analysis */
/** @typedef {{ step_name: string, status: string, duration_ms: number | null, error_message: string | null, product_image_id: string | null }} Step */
/** @typedef {{ id: string, job_type: string, status: "queued" | "processing" | "completed" | "failed" | "cancelled", total_images: number, processed_images: number, failed_images: number, error_message: string | null, created_at: string, completed_at: string | null, steps: Step[], product_id: string | null, progress: number, position?: number | null }} Job */
/** @typedef {{ type: "step_update" | "job_complete" | "job_failed", job_id: string, image_id: string | null, step: string | null, status: string, data: any, snapshot?: boolean }} Frame */
/** @typedef {{ category?: string, status?: string, search?: string }} Filter */
/** @typedef {{ label?: string | null, category?: string | null, attributes?: Record<string, string | null>, defects?: { id: string, verdict: "confirmed" | "rejected" }[], note?: string | null }} Feedback */

/** @param {string} path @param {import("../../http.js").Options} [options] */
const call = (path, options) => request(FACE, `${API}${path}`, options);

/** @param {Filter & { page?: number, page_size?: number }} query @returns {Promise<{ items: Product[], total: number, page: number, pages: number }>} */
export const products = (query) => call("/products", { query });

/** @param {string} id @returns {Promise<Product>} */
export const product = (id) => call(`/products/${id}`);

/** @param {{ title: string, description: string | null, category: string | null }} json @returns {Promise<Product>} */
export const create = (json) => call("/products", { json });

/** @param {string} id @param {Partial<Pick<Product, "title" | "description" | "category" | "subcategory" | "ai_description" | "status">>} json @returns {Promise<Product>} */
export const update = (id, json) => call(`/products/${id}`, { method: "PATCH", json });

/** @param {string} id */
export const remove = (id) => call(`/products/${id}`, { method: "DELETE" });

/** @param {string} id @returns {Promise<Analysis[]>} */
export const analyses = (id) => call(`/products/${id}/analysis`);

/** @param {string} photo @param {Feedback} json @returns {Promise<Analysis>} */
export const correct = (photo, json) => call(`/analysis/${photo}/feedback`, { json });

/** @param {string} photo @returns {Promise<{ job_id: string }>} */
export const again = (photo) => call(`/analysis/${photo}/retry`, { method: "POST" });

/** @param {string} photo */
export const removePhoto = (photo) => call(`/uploads/${photo}`, { method: "DELETE" });

/** @param {string} photo @returns {Promise<Photo>} */
export const makePrimary = (photo) => call(`/uploads/${photo}/primary`, { method: "POST" });

/** @param {string} productId @param {File[]} files at most 20 @param {(share: number) => void} onProgress @param {AbortSignal} [signal] @returns {Promise<{ job: Job, accepted: { filename: string, image_id: string }[], rejected: { filename: string, detail: string }[] }>} */
export function sendPhotos(productId, files, onProgress, signal) {
  const form = new FormData();
  form.append("product_id", productId);
  for (const file of files) form.append("files", file, file.name);
  return upload(FACE, `${API}/uploads/multi`, form, onProgress, signal);
}

/** @param {Record<string, any>} [query] @returns {Promise<{ items: Job[], total: number }>} */
export const jobs = (query) => call("/jobs", { query });

/** @param {string} id @returns {Promise<Job>} */
export const job = (id) => call(`/jobs/${id}`);

/** @param {string} id */
export const cancel = (id) => call(`/batch/${id}`, { method: "DELETE" });

/** @returns {Promise<{ total_products: number, total_images: number, completed_analyses: number, total_defects: number, active_jobs: number, avg_processing_time_ms: number | null }>} */
export const stats = () => call("/dashboard/stats");

/** @returns {Promise<Job[]>} */
export const recent = () => call("/dashboard/recent");

/** @returns {Promise<{ category: string, count: number }[]>} */
export const distribution = () => call("/dashboard/category-distribution");

/** @param {"products" | "analysis"} what @param {Record<string, any>} query @returns {Promise<Blob>} */
export const exported = (what, query) => call(`/exports/${what}`, { query, as: "blob" });

/** @param {string} photo @returns {Promise<Blob>} the stored bytes */
export const content = (photo) => call(`/uploads/${photo}/content`, { as: "blob" });

/** The address of a small picture on this very server, whatever public address the signed link names. @param {Photo} photo @param {number} [size] @returns {string | null} */
export function thumbnail(photo, size = 256) {
  if (!photo.thumbnail_url) return null;
  const signed = new URL(photo.thumbnail_url).searchParams;
  return url(FACE, `${API}/uploads/${photo.id}/thumbnail`, { expires: signed.get("expires"), signature: signed.get("signature"), size }).href;
}
