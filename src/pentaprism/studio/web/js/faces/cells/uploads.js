// Files on their way to projects. They go on while other pages are looked at; the queue drawer shows them too.

import { addAdapter, refresh } from "../../queue.js";
import { bytes } from "../../format.js";
import { sendImages } from "./api.js";

const TOGETHER = 20;
const TOGETHER_BYTES = 200_000_000;
const LARGEST = 52_428_800;
export const ACCEPT = ".jpg,.jpeg,.png,.tif,.tiff,.bmp,image/jpeg,image/png,image/tiff,image/bmp";

/** @typedef {{ id: string, file: File, projectId: string, state: "waiting" | "sending" | "sent" | "failed" | "cancelled", share: number, problem: string | null, at: string }} Item */

/** @type {Item[]} */
let items = [];
let running = false;
let count = 0;
/** @type {AbortController | null} */
let abort = null;
const listeners = new Set();

/** @param {string} projectId */
export const uploadsOf = (projectId) => items.filter((item) => item.projectId === projectId);

/** Be told of every step. Returns a function that ends it. @param {(sentTo: string | null) => void} listener gets the project whose images became more */
export function onUploads(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {string} projectId @param {File[]} files */
export function send(projectId, files) {
  for (const file of files) {
    const problem = file.size > LARGEST ? `Larger than ${bytes(LARGEST)}` : file.size === 0 ? "The file is empty" : null;
    items.push({ id: `upload-${(count += 1)}`, file, projectId, state: problem ? "failed" : "waiting", share: 0, problem, at: new Date().toISOString() });
  }
  tell(null);
  refresh();
  pump();
}

/** Forget what has ended. @param {string} projectId */
export function clear(projectId) {
  items = items.filter((item) => item.projectId !== projectId || item.state === "waiting" || item.state === "sending");
  tell(null);
}

/** @param {Item} item */
export function again(item) {
  Object.assign(item, { state: "waiting", share: 0, problem: null });
  tell(null);
  pump();
}

/** Take a file out; those that travel with it go on in a new request. @param {Item} item */
export function drop(item) {
  const travelling = item.state === "sending";
  item.state = "cancelled";
  if (travelling) abort?.abort();
  tell(null);
}

async function pump() {
  if (running) return;
  running = true;
  for (let group = next(); group.length; group = next()) await travel(group);
  running = false;
}

/** The next request: files of one project, as many as travel well together. */
function next() {
  const waiting = items.filter((item) => item.state === "waiting");
  let room = TOGETHER_BYTES;
  return waiting.filter((item, index) => item.projectId === waiting[0].projectId && index < TOGETHER && ((room -= item.file.size) >= 0 || index === 0));
}

/** @param {Item[]} group */
async function travel(group) {
  const { projectId } = group[0];
  for (const item of group) item.state = "sending";
  tell(null);
  abort = new AbortController();
  /** @type {string | null} */
  let arrived = null;
  try {
    const answer = await sendImages(projectId, group.map((item) => item.file), (share) => advance(group, share), abort.signal);
    settle(group, answer);
    if (answer.uploaded.length) arrived = projectId;
  } catch (error) {
    const { name, message, body } = /** @type {any} */ (error);
    if (body?.failed?.length) settle(group, body);
    else if (name === "AbortError") for (const item of group) Object.assign(item, item.state === "cancelled" ? {} : { state: "waiting", share: 0 });
    else for (const item of group) Object.assign(item, { state: "failed", problem: message });
  }
  tell(arrived);
}

/** @param {Item[]} group @param {{ failed: { index: number, message: string }[] }} answer */
function settle(group, { failed }) {
  const problems = new Map(failed.map(({ index, message }) => [index, message]));
  group.forEach((item, index) => {
    const problem = problems.get(index) ?? null;
    Object.assign(item, { state: problem ? "failed" : "sent", share: 1, problem });
  });
}

/** The bytes of a request belong to its files one after the other. @param {Item[]} group @param {number} share */
function advance(group, share) {
  let sent = share * group.reduce((sum, item) => sum + item.file.size, 0);
  for (const item of group) {
    item.share = Math.max(0, Math.min(1, sent / item.file.size));
    sent -= item.file.size;
  }
  tell(null);
}

/** @param {string | null} arrived */
function tell(arrived) {
  for (const listener of listeners) listener(arrived);
}

const WORDS = /** @type {const} */ ({ waiting: "queued", sending: "running", sent: "completed", failed: "failed", cancelled: "cancelled" });

addAdapter({
  name: "upload",
  title: "Uploads",
  jobs: async () =>
    items.map((item) => ({
      id: item.id, face: "upload", title: `Upload of ${item.file.name}`, status: WORDS[item.state], progress: 100 * item.share,
      message: item.problem, href: `#/cells/projects/${item.projectId}`, createdAt: item.at, canRetry: Boolean(item.file.size && item.file.size <= LARGEST),
    })),
  cancel: async (id) => items.filter((item) => item.id === id).forEach(drop),
  retry: async (id) => items.filter((item) => item.id === id).forEach(again),
});
