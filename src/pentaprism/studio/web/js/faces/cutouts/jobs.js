// The jobs of the cut-outs section for the queue drawer. The face allows sixty list requests a minute for everything one does,
// so the list is read seldom; unfinished jobs are asked for by their status, which has a limit of its own.

import { cancel, jobs, retry, status } from "./api.js";

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
      const { data } = await jobs({ page_size: 40, position: true });
      known = data.filter(shows).map((job) => entry(job, job));
      return known;
    }
    known = await Promise.all(known.map(async (job) => (job.status === "queued" || job.status === "running" ? { ...job, ...changing(await status(job.id, { position: true })) } : job)));
    return known;
  },
  cancel: async (id) => void (await cancel(id)),
  retry: async (id) => void (await retry(id)),
  stale,
};

/** Pictures of a batch show in the batch; clicks end at once, or the next one takes their place. @param {import("./api.js").Job} job */
function shows(job) {
  if (job.kind === "batch") return true;
  return !job.batch_job_id && (job.kind !== "single" || (job.status !== "completed" && !job.cancelled));
}

/** @param {import("./api.js").Job} job @param {import("./api.js").Status} state @returns {import("../../queue.js").QueuedJob} */
function entry(job, state) {
  return {
    id: job.job_id, face: "cutouts", title: job.kind === "batch" ? `Batch of ${job.total_images} pictures` : KINDS[job.kind],
    href: job.kind === "batch" ? `#/cutouts/batches/${job.job_id}` : `#/cutouts/jobs/${job.job_id}`, createdAt: job.created_at, ...changing(state),
  };
}

/** What of a job changes. @param {import("./api.js").Status} state @returns {Pick<import("../../queue.js").QueuedJob, "status" | "progress" | "position" | "message" | "canRetry">} */
function changing(state) {
  const words = state.cancelled ? "cancelled" : state.status === "pending" ? "queued" : state.status;
  const partly = state.status === "completed" && state.failed_images > 0;
  return {
    status: words, progress: state.progress * 100, position: state.position ?? null, canRetry: state.status === "failed" || partly,
    message: partly ? `${state.failed_images} of ${state.total_images} pictures failed` : state.cancelled ? null : state.error_message,
  };
}
