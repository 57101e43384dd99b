// Requests to the faces: the same REST that every client uses, with the session's token.

import { freshToken, forget } from "./session.js";

/** Where the gateway stands: two levels above this module. */
export const BASE = new URL("../../", import.meta.url);

/** An error in the server's own words. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status @param {string | null} requestId @param {any} body */
  constructor(message, status, requestId, body) {
    super(message);
    this.status = status;
    this.requestId = requestId;
    this.body = body;
  }
}

/** The address of a path of a face. @param {string} face @param {string} path @param {Record<string, any>} [query] */
export function url(face, path, query = {}) {
  const address = new URL(`${face}${path}`, BASE);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") address.searchParams.set(name, String(value));
  }
  return address;
}

/**
 * @typedef {object} Options
 * @property {string} [method]
 * @property {any} [json] body to send as JSON
 * @property {FormData} [form] multipart body
 * @property {Record<string, any>} [query]
 * @property {AbortSignal} [signal]
 * @property {Record<string, string>} [headers]
 * @property {"json" | "blob" | "text" | "response"} [as]
 * @property {boolean} [open] without the token
 */

/** Send a request to a face. Throws ApiError. @param {string} face @param {string} path @param {Options} [options] @returns {Promise<any>} */
export async function request(face, path, options = {}) {
  let answer = await send(face, path, options);
  if (answer.status === 401 && !options.open && (await freshToken(true))) answer = await send(face, path, options);
  if (answer.status === 401 && !options.open) forget();
  if (!answer.ok) throw await fault(answer);
  if (options.as === "response") return answer;
  if (options.as === "blob") return answer.blob();
  if (options.as === "text") return answer.text();
  return answer.status === 204 ? null : answer.json();
}

/** @param {string} face @param {string} path @param {Options} options */
async function send(face, path, { method, json, form, query, signal, headers = {}, open }) {
  const token = open ? null : await freshToken();
  /** @type {Record<string, string>} */
  const sent = { Accept: "application/json, */*;q=0.5", ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  if (json !== undefined) sent["Content-Type"] = "application/json";
  const body = json !== undefined ? JSON.stringify(json) : form;
  try {
    return await fetch(url(face, path, query), { method: method ?? (body ? "POST" : "GET"), headers: sent, body, signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("The server cannot be reached. Check the connection and try again.", 0, null, null);
  }
}

/** The error of an answer that is not ok. @param {Response} answer */
async function fault(answer) {
  const text = await answer.text();
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Not JSON: only the status speaks.
  }
  return new ApiError(messageOf(body) ?? `The server answered ${answer.status}.`, answer.status, answer.headers.get("X-Request-ID"), body);
}

/** The sentence in any face's error body. @param {any} body @returns {string | null} */
export function messageOf(body) {
  if (!body || typeof body !== "object") return null;
  const details = Array.isArray(body.detail) ? body.detail.map((/** @type {any} */ entry) => `${(entry.loc ?? []).slice(1).join(".")}: ${entry.msg}`).join("; ") : null;
  if (details) return details;
  const nested = body.error && typeof body.error === "object" ? body.error : null;
  if (nested) {
    const fields = (nested.details ?? []).map?.((/** @type {any} */ entry) => `${entry.field}: ${entry.message}`) ?? [];
    return fields.length ? `${nested.message}: ${fields.join("; ")}` : nested.message;
  }
  for (const key of ["message", "detail", "error"]) if (typeof body[key] === "string") return body[key];
  return null;
}

/**
 * Send a form with progress of the upload. Throws ApiError.
 * @param {string} face @param {string} path @param {FormData} form
 * @param {(share: number) => void} onProgress share 0..1 of the bytes sent
 * @param {AbortSignal} [signal] @returns {Promise<any>}
 */
export async function upload(face, path, form, onProgress, signal) {
  const token = await freshToken();
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", url(face, path));
    if (token) call.setRequestHeader("Authorization", `Bearer ${token}`);
    call.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    call.addEventListener("load", () => {
      let body = null;
      try {
        body = JSON.parse(call.responseText);
      } catch {
        // An answer without a body.
      }
      if (call.status >= 200 && call.status < 300) resolve(body);
      else reject(new ApiError(messageOf(body) ?? `The server answered ${call.status}.`, call.status, call.getResponseHeader("X-Request-ID"), body));
    });
    call.addEventListener("error", () => reject(new ApiError("The upload broke off. Check the connection and try again.", 0, null, null)));
    call.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    signal?.addEventListener("abort", () => call.abort());
    call.send(form);
  });
}

/** An object URL of bytes that need the token, for an <img>. Revoke it when done. @param {string} face @param {string} path @param {Options} [options] */
export async function objectUrl(face, path, options = {}) {
  return URL.createObjectURL(await request(face, path, { ...options, as: "blob" }));
}

/** The address of a socket below a face. @param {string} face @param {string} path */
export function socketUrl(face, path) {
  const address = url(face, path);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address;
}
