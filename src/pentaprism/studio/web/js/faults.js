// What went wrong with a request, in the words of the server.

const SOON_MS = 1_000;
const LATE_MS = 30_000;
/** No answer, too many requests, or a gateway without its server. */
const PASSING = [0, 429, 502, 503, 504];
export const AWAY = "The server cannot be reached. Check the connection and try again.";

/** An error in the server's own words. */
export class ApiError extends Error {
  /** @param {string} message @param {number} [status] 0: no answer came @param {string | null} [requestId] @param {any} [body] */
  constructor(message, status = 0, requestId = null, body = null) {
    super(message);
    this.status = status;
    this.requestId = requestId;
    this.body = body;
  }
}

/**
 * What ``look`` gives. While the server is away or busy it is asked again, less and less often: who waits for a job waits on.
 * @template T @param {() => Promise<T>} look @returns {Promise<T>}
 */
export async function patiently(look) {
  for (let pause = SOON_MS; ; pause = Math.min(2 * pause, LATE_MS)) {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof ApiError && PASSING.includes(error.status))) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** The error of an answer that is not ok. @param {Response} answer */
export async function fault(answer) {
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
  if (Array.isArray(body.errors) && body.errors.length && typeof body.message === "string") {
    return `${body.message}: ${body.errors.map((/** @type {any} */ entry) => `${String(entry.path).replace(/^body\./, "")}: ${entry.message}`).join("; ")}`;
  }
  for (const key of ["message", "detail", "error"]) if (typeof body[key] === "string") return body[key];
  return null;
}
