// The jobs of the seismic section for the queue drawer.

import { cancel, jobs, retry } from "./api.js";

/** @type {Record<string, import("../../queue.js").QueuedJob["status"]>} */
const STATES = { pending: "queued", running: "running", completed: "completed", failed: "failed", cancelled: "cancelled" };
/** @type {Record<string, string>} */
const WORDS = { reconstruction: "Missing traces", denoising: "Noise" };

/** @type {import("../../queue.js").Adapter} */
export const adapter = {
  name: "seismic",
  title: "Seismic",
  jobs: async () => {
    const { items } = await jobs({ per_page: 20, position: true });
    return items.map((job) => ({
      id: job.id,
      face: "seismic",
      title: `${WORDS[job.type]} · ${job.dataset_name}`,
      status: job.status === "pending" && job.attempts > 0 ? "retrying" : STATES[job.status],
      progress: job.progress,
      position: job.position ?? null,
      message: job.error?.message ?? null,
      href: `#/seismic/jobs/${job.id}`,
      createdAt: job.created_at,
    }));
  },
  cancel: async (id) => void (await cancel(id)),
  retry: async (id) => void (await retry(id)),
};
