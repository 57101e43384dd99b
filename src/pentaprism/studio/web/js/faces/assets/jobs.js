// The jobs of the assets section for the queue drawer. The face allows a hundred requests in a quarter of an hour for everything
// one does, so the list is read seldom; streams, which are not counted, tell how the first jobs get on.

import { cancel, create, follow, job, list, retry } from "./api.js";

const OPEN_MS = 30_000;
const IDLE_MS = 120_000;
const FOLLOWED = 2;

/** @typedef {import("../../queue.js").QueuedJob} QueuedJob */

/** @type {Record<string, QueuedJob["status"]>} */
const STATES = { waiting: "queued", active: "running", delayed: "retrying", completed: "completed", failed: "failed", cancelled: "cancelled" };
const OVER = ["completed", "failed", "cancelled"];

/** @type {QueuedJob[]} */
let known = [];
let looked = 0;
/** @type {Map<string, () => void>} */
const streams = new Map();

/** @type {import("../../queue.js").Adapter} */
export const adapter = {
  name: "assets",
  title: "Assets",
  jobs: async () => {
    const open = known.some((each) => !OVER.includes(each.status));
    if (Date.now() - looked < (open ? OPEN_MS : IDLE_MS)) return known;
    looked = Date.now();
    known = (await list({ limit: 20, position: true })).jobs.map(entry);
    watch();
    return known;
  },
  cancel,
  retry: async (id) => {
    const { status, data } = await job(id);
    if (status !== "cancelled") return retry(id);
    // A cancelled job stays so: the same wish makes a new one.
    const { userId, ...wish } = data;
    await create(wish);
  },
  stale: () => void (looked = 0),
};

/** Follow the jobs that are next to end. */
function watch() {
  const open = known.filter((each) => !OVER.includes(each.status)).sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  const wanted = open.slice(0, FOLLOWED).map((each) => each.id);
  for (const [id, stop] of streams) if (!wanted.includes(id)) drop(id, stop);
  for (const id of wanted) if (!streams.has(id)) streams.set(id, follow(id, (frame) => heard(id, frame)));
}

/** @param {string} id @param {() => void} [stop] */
function drop(id, stop = streams.get(id)) {
  stop?.();
  streams.delete(id);
}

/** @param {string} id @param {any} frame */
function heard(id, frame) {
  if (frame.type === "lost") drop(id);
  if (!frame.status) return;
  const status = STATES[frame.status] ?? "queued";
  known = known.map((each) => (each.id === id ? { ...each, status, progress: frame.progress, position: status === "queued" ? each.position : null } : each));
  if (frame.type !== "done") return;
  drop(id);
  looked = 0;
}

/** @param {import("./api.js").AssetJob} found @returns {QueuedJob} */
function entry(found) {
  const { prompt, platforms } = found.data;
  return {
    id: found.jobId,
    face: "assets",
    title: `${prompt || "New crops"} · ${platforms.length} platform${platforms.length === 1 ? "" : "s"}`,
    status: STATES[found.status] ?? "queued",
    progress: found.progress,
    position: found.position ?? null,
    href: `#/assets/jobs/${found.jobId}`,
    createdAt: found.createdAt,
  };
}
