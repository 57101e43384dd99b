// Files on their way to the server, one after the other. They go on while other pages are looked at; the queue drawer shows them too.

import { addAdapter, refresh } from "../../queue.js";
import { send } from "./api.js";

/** @typedef {{ id: string, file: File, told: Record<string, any>, state: "waiting" | "sending" | "sent" | "failed" | "cancelled", share: number, problem: string | null, at: string, stopper: AbortController }} Item */

/** @type {Item[]} */
let items = [];
let running = false;
let count = 0;
/** @type {Set<(news: { arrived: boolean, item: Item }) => void>} */
const listeners = new Set();

/** Files that are not there yet. */
export const uploads = () => items.filter((item) => item.state !== "sent" && item.state !== "cancelled");

/** Be told of every step until another page is opened. @param {(news: { arrived: boolean, item: Item }) => void} listener */
export function onUploads(listener) {
  listeners.add(listener);
  addEventListener("hashchange", () => listeners.delete(listener), { once: true });
}

/** @param {File[]} files @param {(file: File) => Record<string, any>} told what the server is told of each */
export function add(files, told) {
  for (const file of files) items.push({ id: `seismic-${(count += 1)}`, file, told: told(file), state: "waiting", share: 0, problem: null, at: new Date().toISOString(), stopper: new AbortController() });
  refresh();
  pump();
}

/** Send a file again that was not taken. @param {Item} item */
export function again(item) {
  Object.assign(item, { state: "waiting", share: 0, problem: null, stopper: new AbortController() });
  tell(item);
  pump();
}

/** Stop a file, or forget one that was not taken. @param {Item} item */
export function drop(item) {
  item.state = "cancelled";
  item.stopper.abort();
  tell(item);
}

async function pump() {
  if (running) return;
  running = true;
  for (let item = next(); item; item = next()) await travel(item);
  running = false;
}

const next = () => items.find((item) => item.state === "waiting");

/** @param {Item} item */
async function travel(item) {
  item.state = "sending";
  tell(item);
  try {
    await send(item.file, item.told, (share) => {
      item.share = share;
      tell(item);
    }, item.stopper.signal);
    Object.assign(item, { state: "sent", share: 1 });
    tell(item, true);
  } catch (error) {
    const { message, requestId } = /** @type {any} */ (error);
    if (!item.stopper.signal.aborted) Object.assign(item, { state: "failed", problem: requestId ? `${message} (request ${requestId})` : message });
    tell(item);
  }
}

/** @param {Item} item @param {boolean} [arrived] */
function tell(item, arrived = false) {
  for (const listener of [...listeners]) listener({ arrived, item });
}

const WORDS = /** @type {const} */ ({ waiting: "queued", sending: "running", sent: "completed", failed: "failed", cancelled: "cancelled" });

addAdapter({
  name: "seismic-upload",
  title: "Uploads",
  jobs: async () => items.map((item) => ({ id: item.id, face: "seismic-upload", title: `Upload of ${item.file.name}`, status: WORDS[item.state], progress: 100 * item.share, message: item.problem, href: "#/seismic", createdAt: item.at })),
  cancel: async (id) => items.filter((item) => item.id === id).forEach(drop),
  retry: async (id) => items.filter((item) => item.id === id).forEach(again),
});
