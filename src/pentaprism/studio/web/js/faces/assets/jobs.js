// The jobs of the assets section for the queue drawer.

import { cancel, list, retry } from "./api.js";

/** @type {Record<string, import("../../queue.js").QueuedJob["status"]>} */
const STATES = { waiting: "queued", active: "running", delayed: "retrying", completed: "completed", failed: "failed", cancelled: "cancelled" };

/** @type {import("../../queue.js").Adapter} */
export const adapter = {
  name: "assets",
  title: "Assets",
  jobs: async () => {
    const { jobs } = await list({ limit: 20 });
    return jobs.map((job) => ({
      id: job.jobId,
      face: "assets",
      title: `${job.data.prompt || "New crops"} · ${job.data.platforms.length} platform${job.data.platforms.length === 1 ? "" : "s"}`,
      status: STATES[job.status] ?? "queued",
      progress: job.progress,
      message: job.failedReason,
      href: `#/assets/jobs/${job.jobId}`,
      createdAt: job.createdAt,
    }));
  },
  cancel,
  retry,
};
