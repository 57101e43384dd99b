// What was made before, newest first.

import { fill, h, icon } from "../../dom.js";
import { ago } from "../../format.js";
import { ask } from "../../elements/dialog.js";
import { toastError } from "../../toasts.js";
import { job as load, list, remove } from "./api.js";

const PAGE = 12;

export async function history() {
  const grid = h("ul", { class: "grid history" });
  const more = h("button", { type: "button", onclick: () => next().catch(toastError) }, "Show more");
  let offset = 0;
  async function next() {
    const { jobs, total } = await list({ limit: PAGE, offset });
    offset += jobs.length;
    grid.append(...jobs.map((job) => tile(job)));
    more.hidden = offset >= total;
    if (!total) fill(grid, h("li", { class: "empty" }, "No pictures yet. Write a prompt above, choose platforms, and press Make pictures."));
  }
  await next();
  return h("section", { class: "stack" }, h("h2", {}, "History"), grid, h("div", { class: "row" }, more));
}

/** @param {import("./api.js").AssetJob} job */
function tile(job) {
  const picture = h("div", { class: "thumb" });
  const box = h("li", { class: "card" });
  fill(box, h("a", { href: `#/assets/jobs/${job.jobId}` }, picture, h("p", { class: "clamp" }, job.data.prompt || "New crops")),
    h("div", { class: "row spread" }, h("small", {}, `${job.status} ${ago(job.createdAt)}`),
      h("button", { type: "button", class: "plain", "aria-label": `Delete: ${job.data.prompt}`, onclick: () => drop(box, job.jobId) }, icon("trash"))));
  if (job.status === "completed") {
    load(job.jobId).then(({ result }) => {
      const first = result?.images[0];
      if (first) picture.append(h("img", { src: first.url, alt: first.alt, loading: "lazy" }));
    }).catch(() => picture.classList.add("gone"));
  }
  return box;
}

/** @param {HTMLElement} box @param {string} id */
async function drop(box, id) {
  if (!(await ask("Delete these pictures?", { detail: "The pictures and the job go for good.", confirm: "Delete", danger: true }))) return;
  try {
    await remove(id);
    box.remove();
  } catch (error) {
    toastError(error);
  }
}
