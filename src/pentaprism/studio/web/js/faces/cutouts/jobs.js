// The jobs of the cut-outs section for the queue drawer. The face allows sixty list requests a minute for everything one does,
// so the list is read seldom; unfinished jobs are asked for by their status, which has a limit of its own.

import { cancel, jobs, status } from "./api.js";

const LIST_MS = 20_000;
const KINDS = { single: "Click", auto: "Everything in a picture", box: "Box", extract: "Objects as files", batch: "Batch" };

/** @type {import("../../queue.js").QueuedJob[]} */
let known = [];
let looked = 0;

/** Something was started: the next look reads the list. */
export function stale() {
  looked = 0;
}

/** @type {import("../../queue.js").Adapter} */
export const adapter = {
  name: "cutouts",
  title: "Cut-outs",
  jobs: async () => {
    if (Date.now() - looked >= LIST_MS) {
      looked = Date.now();
      const { data } = await jobs({ page_size: 40 });
      // Clicks end at once, and the pictures of a batch show in the batch.
      known = data.filter((job) => job.kind === "batch" || (job.kind !== "single" && !job.batch_job_id)).map((job) => entry(job, job));
      return known;
    }
    known = await Promise.all(known.map(async (job) => (job.status === "queued" || job.status === "running" ? { ...job, ...changing(await status(job.id)) } : job)));
    return known;
  },
  cancel: async (id) => {
    await cancel(id);
    stale();
  },
  retry: null,
};

/** @param {import("./api.js").Job} job @param {import("./api.js").Status} state @returns {import("../../queue.js").QueuedJob} */
function entry(job, state) {
  return {
    id: job.job_id, face: "cutouts", title: job.kind === "batch" ? `Batch of ${job.total_images} pictures` : KINDS[job.kind],
    href: job.kind === "batch" ? `#/cutouts/batches/${job.job_id}` : `#/cutouts/jobs/${job.job_id}`, createdAt: job.created_at, ...changing(state),
  };
}

/** What of a job changes. @param {import("./api.js").Status} state @returns {Pick<import("../../queue.js").QueuedJob, "status" | "progress" | "message">} */
function changing(state) {
  const words = state.cancelled ? "cancelled" : state.status === "pending" ? "queued" : state.status;
  return { status: words, progress: state.progress * 100, message: state.cancelled ? null : state.error_message };
}
