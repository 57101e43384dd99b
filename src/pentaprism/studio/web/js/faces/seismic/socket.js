// Live news of jobs and datasets: one socket for the whole section, opened with the first listener and closed after the last.
// Where sockets do not get through, the listeners are told to look for themselves every two seconds.

import { socketUrl } from "../../http.js";
import { freshToken } from "../../session.js";

const LOOK_MS = 2_000;
const LATE_MS = 20_000;
const EARLY_MS = 60_000;

/** @typedef {{ type: string, job_id?: string, dataset_id?: string, status: string, progress: number, message: string | null, step: string | null, error: any, eta_seconds: number | null, output_dataset_id: string | null, timestamp: string, level: any, snapshot?: boolean }} Frame */
/** @typedef {{ channel: "job" | "dataset", id: string, since: string | null, onFrame: (frame: Frame) => void, look: () => void }} Listener */

/** @type {Set<Listener>} */
const listeners = new Set();
/** @type {WebSocket | null} */
let socket = null;
let greeted = false;
let pause = 500;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let prolong;
/** @type {ReturnType<typeof setInterval> | undefined} */
let looking;

/**
 * Follow a job or a dataset until another page is opened. `look` is called while there is no socket: it shall ask the server itself.
 * Returns a function that stops earlier.
 * @param {"job" | "dataset"} channel @param {string} id @param {(frame: Frame) => void} onFrame @param {() => void} look
 * @param {string | null} [since] time of the last log line that is known
 */
export function follow(channel, id, onFrame, look, since = null) {
  /** @type {Listener} */
  const listener = { channel, id, since, onFrame, look };
  listeners.add(listener);
  if (greeted) subscribe(listener);
  else if (!socket) open();
  const stop = () => {
    removeEventListener("hashchange", stop);
    if (!listeners.delete(listener)) return;
    if (greeted && ![...listeners].some((each) => each.channel === channel && each.id === id)) say({ type: "unsubscribe", channel, [`${channel}_id`]: id });
    if (!listeners.size) close();
  };
  addEventListener("hashchange", stop);
  return stop;
}

/** @param {Record<string, any>} frame */
function say(frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

/** @param {Listener} listener */
function subscribe({ channel, id, since }) {
  say({ type: "subscribe", channel, [`${channel}_id`]: id, ...(since ? { since } : {}) });
}

async function authenticate(renew = false) {
  const token = await freshToken(renew);
  if (token) {
    say({ type: "auth", token });
    return;
  }
  // Nobody is signed in any more.
  listeners.clear();
  close();
}

function open() {
  const mine = new WebSocket(socketUrl("promethium", "/api/v1/ws"));
  socket = mine;
  mine.addEventListener("open", () => authenticate());
  mine.addEventListener("message", (event) => mine === socket && hear(JSON.parse(event.data)));
  mine.addEventListener("close", () => {
    if (mine !== socket) return;
    socket = null;
    greeted = false;
    clearTimeout(prolong);
    if (!listeners.size) return;
    looking ??= setInterval(lookAll, LOOK_MS);
    pause = Math.min(pause * 2, LATE_MS);
    setTimeout(() => listeners.size && !socket && open(), pause);
  });
}

function close() {
  const last = socket;
  socket = null;
  greeted = false;
  clearTimeout(prolong);
  clearInterval(looking);
  looking = undefined;
  last?.close();
}

function lookAll() {
  for (const listener of listeners) listener.look();
}

/** @param {Frame & { expires_at?: string }} frame */
function hear(frame) {
  if (frame.type === "auth_ok") {
    clearTimeout(prolong);
    if (frame.expires_at) prolong = setTimeout(() => authenticate(true), Math.max(1000, new Date(frame.expires_at).getTime() - Date.now() - EARLY_MS));
    if (greeted) return;
    greeted = true;
    pause = 500;
    clearInterval(looking);
    looking = undefined;
    for (const listener of listeners) subscribe(listener);
    return;
  }
  for (const listener of [...listeners]) {
    if ((listener.channel === "job" ? frame.job_id : frame.dataset_id) !== listener.id) continue;
    if (frame.type === "job_log") listener.since = frame.timestamp;
    if (frame.type === "job_log" || frame.type === "job_update" || frame.type === "dataset_update") listener.onFrame(frame);
  }
}
