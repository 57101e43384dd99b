// The jobs of the cells section for the queue drawer: runs that wait and work, and what became of those seen before.

import { cancelRun, queue, resegment, status } from "./api.js";

const REMEMBERED = 30;

/** @typedef {import("../../queue.js").QueuedJob} QueuedJob */

/** @type {Map<string, QueuedJob & { imageId: string }>} */
const seen = new Map();

/** @type {import("../../queue.js").Adapter} */
export const adapter = {
  name: "cells",
  title: "Cells",
  jobs: async () => {
    const { processingImages, queuedImages } = await queue();
    const active = new Set();
    for (const found of [...processingImages, ...queuedImages]) {
      active.add(found.taskId);
      seen.set(found.taskId, {
        id: found.taskId,
        imageId: found.id,
        face: "cells",
        title: `Cells in ${found.name}`,
        status: found.position ? "queued" : "running",
        progress: found.progress ?? 0,
        position: found.position ?? null,
        href: `#/cells/images/${found.id}`,
        createdAt: seen.get(found.taskId)?.createdAt ?? new Date().toISOString(),
      });
    }
    const gone = [...seen.values()].filter((job) => !active.has(job.id) && (job.status === "queued" || job.status === "running"));
    await Promise.all(gone.map(async (job) => seen.set(job.id, { ...job, ...(await ending(job.imageId)) })));
    for (const id of [...seen.keys()].slice(0, Math.max(0, seen.size - REMEMBERED))) if (!active.has(id)) seen.delete(id);
    return [...seen.values()];
  },
  cancel: async (id) => {
    const job = seen.get(id);
    if (!job) return;
    await cancelRun(job.imageId);
    seen.set(id, { ...job, status: "cancelled", position: null });
  },
  retry: async (id) => {
    const job = seen.get(id);
    if (!job) return;
    await resegment(job.imageId);
    seen.delete(id);
  },
};

/** How a run ended that is in the queue no more. @param {string} imageId @returns {Promise<Partial<QueuedJob>>} */
async function ending(imageId) {
  try {
    const now = await status(imageId);
    if (now.status === "failed") return { status: "failed", message: now.error, position: null };
    return { status: now.status === "without_segmentation" ? "cancelled" : "completed", progress: 100, position: null };
  } catch {
    return { status: "cancelled", message: "The image is gone.", position: null, canRetry: false };
  }
}
