// Jobs made earlier, newest first, as pictures with their masks. Clicks that followed each other stand as one.

import { fill, h, icon } from "../../dom.js";
import { ask } from "../../elements/dialog.js";
import { ago } from "../../format.js";
import { toastError } from "../../toasts.js";
import { jobs, remove } from "./api.js";
import { shot } from "./parts.js";

const PAUSE_MS = 60_000;
const KINDS = { single: "Clicks", auto: "Everything", extract: "Objects", batch: "Batches" };
/** @type {Record<string, string>} */
const NAMES = { single: "Click", auto: "Everything", box: "Box", extract: "Objects", batch: "Batch" };

/** @param {{ size: number }} options */
export async function earlier({ size }) {
  const grid = h("ul", { class: "grid shots" });
  const more = h("button", { type: "button", onclick: () => next().catch(toastError) }, "Show more");
  const kind = h("select", { "aria-label": "Kind of jobs", onchange: () => again().catch(toastError) }, h("option", { value: "" }, "All kinds"), Object.entries(KINDS).map(([value, words]) => h("option", { value }, words)));
  let page = 0;
  async function next() {
    const answer = await jobs({ page: page + 1, page_size: size, kind: kind.value });
    page = answer.page;
    const shown = answer.data.filter((job) => job.kind === "batch" || !job.batch_job_id);
    grid.append(...(kind.value ? shown.map((job) => [job]) : together(shown)).map(tile));
    more.hidden = answer.page >= answer.total_pages;
    if (!answer.total) fill(grid, h("li", { class: "empty" }, kind.value ? "No jobs of this kind." : "Nothing yet. Drop a picture above and click on anything in it."));
  }
  async function again() {
    page = 0;
    fill(grid);
    await next();
  }
  await next();
  return h("section", { class: "stack", "aria-label": "Earlier" }, h("div", { class: "row spread" }, h("h2", {}, "Earlier"), h("div", {}, kind)), grid, h("div", { class: "row" }, more));
}

/** Clicks less than a minute apart are steps of one work. @param {import("./api.js").Job[]} list newest first @returns {import("./api.js").Job[][]} */
function together(list) {
  /** @type {import("./api.js").Job[][]} */
  const runs = [];
  for (const job of list) {
    const before = runs.at(-1)?.at(-1);
    const near = before?.kind === "single" && job.kind === "single" && new Date(before.created_at).getTime() - new Date(job.created_at).getTime() < PAUSE_MS;
    if (near) runs.at(-1)?.push(job);
    else runs.push([job]);
  }
  return runs;
}

/** @param {import("./api.js").Job[]} run the last step first */
function tile(run) {
  const [job] = run;
  const many = job.kind === "batch";
  const name = many ? `Batch of ${job.total_images}` : run.length > 1 ? `${run.length} clicks` : NAMES[job.kind];
  const found = job.cancelled ? "Cancelled" : job.status === "failed" ? job.error_message ?? "Failed" : job.status === "completed" ? `${job.total_masks ?? 0} ${job.kind === "extract" ? "cut out" : "found"}` : "Running";
  const box = h("li", { class: "card" },
    h("a", { href: many ? `#/cutouts/batches/${job.job_id}` : `#/cutouts/jobs/${job.job_id}` }, !many && job.status === "completed" ? shot(job.job_id) : h("div", { class: "thumb" }, icon("cutouts")), h("b", {}, name)),
    h("div", { class: "row spread" }, h("small", { class: job.status === "failed" && !job.cancelled ? "problem" : "" }, `${found} · ${ago(job.created_at)}`),
      h("button", { type: "button", class: "plain", "aria-label": `Delete: ${name}, ${ago(job.created_at)}`, onclick: () => drop(box, run.map((each) => each.job_id)) }, icon("trash"))));
  return box;
}

/** @param {HTMLElement} box @param {string[]} ids */
async function drop(box, ids) {
  if (!(await ask(ids.length > 1 ? `Delete these ${ids.length} jobs?` : "Delete this job?", { detail: "The masks and files go for good.", confirm: "Delete", danger: true }))) return;
  try {
    for (const id of ids) await remove(id);
    box.remove();
  } catch (error) {
    toastError(error);
  }
}
