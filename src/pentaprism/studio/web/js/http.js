// Requests to the faces: the same REST that every client uses, with the session's token.

import { ApiError, AWAY, fault, messageOf } from "./faults.js";
import { freshToken, forget } from "./session.js";

/** Where the gateway stands: two levels above this module. */
export const BASE = new URL("../../", import.meta.url);

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
    throw new ApiError(AWAY);
  }
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
    call.addEventListener("error", () => reject(new ApiError("The upload broke off. Check the connection and try again.")));
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
