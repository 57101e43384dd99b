// Following jobs: the face's socket with its five steps a photo; where sockets do not get through, looking every two seconds.

import { socketUrl } from "../../http.js";
import { freshToken } from "../../session.js";
import { job as load } from "./api.js";

const LOOK_MS = 2_000;
const NO_USE = [4001, 4003];

/**
 * Follow a job to its end. Returns a function that stops.
 * @param {string} id @param {(frame: import("./api.js").Frame) => void} onFrame gets every change, the last one is job_complete or job_failed
 */
export function follow(id, onFrame) {
  let over = false;
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {import("./api.js").Frame} frame */
  function tell(frame) {
    if (over) return;
    over = frame.type !== "step_update";
    onFrame(frame);
  }

  async function open() {
    const token = await freshToken();
    if (over) return;
    const address = socketUrl("imagineai", `/ws/processing/${id}`);
    address.searchParams.set("token", token ?? "");
    socket = new WebSocket(address);
    socket.addEventListener("message", (event) => tell(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (!over && !NO_USE.includes(event.code)) look();
    });
  }

  async function look() {
    try {
      for (const frame of framesOf(await load(id))) tell(frame);
    } catch {
      // The server is away for a moment; the next look may find it.
    }
    if (!over) timer = setTimeout(look, LOOK_MS);
  }

  open().catch(look);
  return () => {
    over = true;
    clearTimeout(timer);
    socket?.close();
  };
}

/** What the socket would have told of a job's present state. @param {import("./api.js").Job} job @returns {import("./api.js").Frame[]} */
export function framesOf(job) {
  const base = { job_id: job.id, snapshot: true };
  /** @type {import("./api.js").Frame[]} */
  const frames = job.steps.filter((step) => step.status !== "skipped").map((step) => ({
    ...base, type: "step_update", image_id: step.product_image_id, step: step.step_name, status: step.status, data: step.error_message ? { error: step.error_message } : null,
  }));
  if (job.status === "completed") frames.push({ ...base, type: "job_complete", image_id: null, step: null, status: job.status, data: null });
  if (job.status === "failed" || job.status === "cancelled") frames.push({ ...base, type: "job_failed", image_id: null, step: null, status: job.status, data: { error: job.error_message } });
  return frames;
}
