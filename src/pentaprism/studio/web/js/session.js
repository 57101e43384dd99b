// One log-in for all faces: the account store is one, and so are its tokens. They live in this tab's storage and never in an address.

import { ApiError, AWAY, fault } from "./faults.js";

const KEY = "pentaprism.session";
const FACE = "spheroseg/api/auth";
const BASE = new URL("../../", import.meta.url);

/** @typedef {{ access: string, refresh: string, expires: number, user: { id: string, email: string, name: string | null, role: string } }} Session */

/** @type {Session | null} */
let current = read();
/** @type {Promise<boolean> | null} */
let refreshing = null;
const listeners = new Set();

/** @returns {Session | null} */
function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Session | null} session */
function keep(session) {
  current = session;
  if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
  else sessionStorage.removeItem(KEY);
  for (const listener of listeners) listener(session);
}

/** Who is signed in. @returns {Session["user"] | null} */
export function user() {
  return current?.user ?? null;
}

/** Be told of log-in and log-out. @param {(session: Session | null) => void} listener */
export function onSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {string} path @param {any} body */
async function post(path, body) {
  let answer;
  try {
    answer = await fetch(new URL(`${FACE}${path}`, BASE), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new ApiError(AWAY);
  }
  if (!answer.ok) throw await fault(answer);
  return answer.json().catch(() => ({}));
}

/** @param {any} answer */
function take(answer) {
  const data = answer.data ?? answer;
  const [, payload] = data.accessToken.split(".");
  const claims = JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/")));
  const known = data.user ?? current?.user ?? {};
  keep({
    access: data.accessToken,
    refresh: data.refreshToken,
    expires: claims.exp * 1000,
    user: { id: known.id ?? claims.sub, email: known.email ?? "", name: known.name ?? known.firstName ?? null, role: known.role ?? "user" },
  });
}

/** @param {string} email @param {string} password */
export async function logIn(email, password) {
  take(await post("/login", { email, password }));
}

/** @param {string} email @param {string} password @param {string} name */
export async function register(email, password, name) {
  take(await post("/register", { email, password, name: name.trim() || undefined }));
}

/** End the session on the server too. */
export async function logOut() {
  const refresh = current?.refresh;
  keep(null);
  if (refresh) await post("/logout", { refreshToken: refresh }).catch(() => null);
}

/** Drop a session that the server does not accept any more. */
export function forget() {
  if (current) keep(null);
}

/** A token that is good for at least half a minute; renewed when needed. @param {boolean} [renew] even if it looks good @returns {Promise<string | null>} */
export async function freshToken(renew = false) {
  if (!current) return null;
  if (!renew && current.expires - Date.now() > 30_000) return current.access;
  refreshing ??= renewed().finally(() => (refreshing = null));
  return (await refreshing) ? /** @type {Session} */ (/** @type {unknown} */ (current)).access : null;
}

async function renewed() {
  const refresh = current?.refresh;
  if (!refresh) return false;
  try {
    take(await post("/refresh", { refreshToken: refresh }));
    return true;
  } catch (error) {
    if (error instanceof ApiError && [400, 401].includes(error.status)) keep(null);
    return false;
  }
}
