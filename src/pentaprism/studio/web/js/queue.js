// The jobs of all faces in one list. Every face brings an adapter; the drawer and the badge read this store.

/**
 * @typedef {object} QueuedJob
 * @property {string} id
 * @property {string} face name of the adapter
 * @property {string} title what is being made of what
 * @property {"queued" | "running" | "retrying" | "completed" | "failed" | "cancelled"} status
 * @property {number} progress 0..100
 * @property {number | null} [position] place in the queue, from 1
 * @property {string | null} [message] in the server's words
 * @property {string} [href] the page that shows it
 * @property {string} [createdAt]
 * @property {boolean} [canRetry] by default what failed or was cancelled
 */

/**
 * @typedef {object} Adapter
 * @property {string} name
 * @property {string} title
 * @property {() => Promise<QueuedJob[]>} jobs unfinished jobs and those that ended lately
 * @property {(id: string) => Promise<void>} cancel
 * @property {(id: string) => Promise<void>} retry
 * @property {() => void} [stale] something was started or changed: what the adapter remembers is old
 */

/** @type {Map<string, Adapter>} */
const adapters = new Map();
/** @type {Map<string, QueuedJob[]>} */
const found = new Map();
const listeners = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let active = false;

const BUSY_MS = 1_000;
const IDLE_MS = 10_000;

/** @param {Adapter} adapter */
export function addAdapter(adapter) {
  adapters.set(adapter.name, adapter);
  if (active) look(adapter).then(tell);
}

/** Be told when the list changes. @param {(jobs: QueuedJob[]) => void} listener */
export function onJobs(listener) {
  listeners.add(listener);
  listener(jobs());
  return () => listeners.delete(listener);
}

/** All jobs, unfinished ones first. @returns {QueuedJob[]} */
export function jobs() {
  const all = [...found.values()].flat();
  return all.sort((a, b) => Number(isOver(a)) - Number(isOver(b)) || (b.createdAt ?? "").localeCompare(a.createdAt ?? ""));
}

/** @param {QueuedJob} job */
export function isOver(job) {
  return ["completed", "failed", "cancelled"].includes(job.status);
}

/** @param {string} face @param {string} id */
export function cancel(face, id) {
  return adapters.get(face)?.cancel(id).then(refresh);
}

/** @param {string} face @param {string} id */
export function retry(face, id) {
  return adapters.get(face)?.retry(id).then(refresh);
}

/** @param {QueuedJob} job */
export function canRetry(job) {
  return isOver(job) && (job.canRetry ?? job.status !== "completed");
}

/** Look now; pages call it after they started something. */
export function refresh() {
  for (const adapter of adapters.values()) adapter.stale?.();
  return lookAround();
}

async function lookAround() {
  clearTimeout(timer);
  if (!active) return;
  await Promise.all([...adapters.values()].map(look));
  tell();
}

/** @param {Adapter} adapter */
async function look(adapter) {
  try {
    found.set(adapter.name, await adapter.jobs());
  } catch {
    // The last known state stays; the connection light tells that the server is away.
  }
}

/** Give the list to the listeners, and look again before long. */
function tell() {
  if (!active) return;
  const all = jobs();
  for (const listener of listeners) listener(all);
  clearTimeout(timer);
  timer = setTimeout(lookAround, document.hidden ? IDLE_MS : all.some((job) => !isOver(job)) ? BUSY_MS : IDLE_MS);
}

/** Watch while somebody is signed in. @param {boolean} on */
export function watch(on) {
  active = on;
  clearTimeout(timer);
  if (on) refresh();
  else {
    found.clear();
    for (const listener of listeners) listener([]);
  }
}
