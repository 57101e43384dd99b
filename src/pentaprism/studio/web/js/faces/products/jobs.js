// The jobs of the products section for the queue drawer.

import { again, cancel, job, jobs } from "./api.js";
import { say } from "./words.js";

const BUSY_MS = 2_000;
const IDLE_MS = 15_000;

/** @type {import("../../queue.js").QueuedJob[]} */
let known = [];
let looked = 0;

/** Something was started: the next look is not put off. */
export function stale() {
  looked = 0;
}

/** @type {import("../../queue.js").Adapter} */
export const adapter = {
  name: "products",
  title: "Products",
  jobs: async () => {
    const open = known.some((job) => job.status === "queued" || job.status === "running");
    // The drawer asks each second while any face works; the face allows 120 reads a minute for everything.
    if (Date.now() - looked < (open ? BUSY_MS : IDLE_MS)) return known;
    looked = Date.now();
    known = (await jobs({ limit: 20, position: true })).items.map(entry);
    return known;
  },
  cancel,
  retry: async (id) => {
    const { steps } = await job(id);
    const failed = steps.filter((step) => step.status === "failed" || step.status === "skipped").map((step) => step.product_image_id);
    for (const photo of new Set(failed)) if (photo) await again(photo);
  },
  stale,
};

/** @param {import("./api.js").Job} job @returns {import("../../queue.js").QueuedJob} */
function entry(job) {
  const photos = job.total_images === 1 ? "1 photo" : `${job.total_images} photos`;
  const step = job.steps.find((each) => each.status === "running");
  return {
    id: job.id,
    face: "products",
    title: `Analysis of ${photos}`,
    status: job.status === "processing" ? "running" : job.status,
    progress: job.progress,
    position: job.position ?? null,
    message: job.error_message ?? (step ? say(step.step_name) : null),
    href: job.product_id ? `#/products/items/${job.product_id}` : "#/products",
    createdAt: job.created_at,
  };
}
