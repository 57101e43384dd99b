// Batches: many pictures, each with everything in it found.

import { custom, fill, h, icon } from "../../dom.js";
import { patiently } from "../../faults.js";
import { bytes } from "../../format.js";
import { refresh } from "../../queue.js";
import { go } from "../../router.js";
import { toastError } from "../../toasts.js";
import { batch, cancel, retry, send, startBatch } from "./api.js";
import { engineChoice } from "./engine.js";
import { Settings } from "./everything.js";
import { stale } from "./jobs.js";
import { exporter, shot } from "./parts.js";

const MOST = 100;
const AT_ONCE = 2;
const NAMES = "pentaprism.cutouts.names";

/** Names of pictures by job; the server does not keep them. @returns {Record<string, string>} */
function names() {
  return JSON.parse(sessionStorage.getItem(NAMES) ?? "{}");
}

/** The pictures of a batch before it starts. @param {File[]} files */
export function batchDesk(files) {
  const items = files.slice(0, MOST).map((file) => {
    const bar = custom("pt-progress", { label: `Upload of ${file.name}` });
    bar.setAttribute("value", "0");
    const words = h("small", {}, bytes(file.size));
    return { file, bar, words, image: /** @type {string | null} */ (null), row: h("li", {}, h("div", { class: "grow" }, h("span", { class: "name" }, file.name), words, bar)) };
  });
  const settings = new Settings();
  let model = "";
  const begin = h("button", { type: "button", class: "primary", onclick: () => run().catch(toastError).finally(() => (begin.disabled = false)) }, `Start with ${items.length} pictures`);

  async function run() {
    const parameters = settings.values;
    if (!parameters) return;
    begin.disabled = true;
    const waiting = items.filter((item) => !item.image);
    const hand = async () => {
      for (let item = waiting.shift(); item; item = waiting.shift()) await one(item);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, hand));
    const sent = items.filter((item) => item.image);
    if (!sent.length) return;
    const started = await startBatch(sent.map((item) => /** @type {string} */ (item.image)), model, parameters);
    sessionStorage.setItem(NAMES, JSON.stringify({ ...names(), ...Object.fromEntries(started.jobs.map((job) => [job.job_id, sent[job.index].file.name])) }));
    stale();
    refresh();
    go(`/cutouts/batches/${started.batch_job_id}`);
  }

  /** @param {typeof items[number]} item */
  async function one(item) {
    try {
      item.words.textContent = "Sending";
      item.image = (await send(item.file, model, (share) => {
        item.bar.setAttribute("value", String(share * 100));
        if (share === 1) item.words.textContent = "Getting ready";
      })).image_id;
      item.words.textContent = "Ready";
    } catch (error) {
      item.words.textContent = /** @type {Error} */ (error).message;
      item.row.classList.add("failed");
    }
  }

  return h("section", { class: "card stack" }, h("h2", {}, "Batch"), h("p", { class: "quiet" }, "In each picture everything is found; masks, outlines and tables come as one ZIP."),
    files.length > MOST ? h("p", { class: "problem" }, `The first ${MOST} pictures are taken; a batch holds no more.`) : null,
    h("ul", { class: "desk" }, items.map((item) => item.row)), engineChoice("", (name) => (model = name)), settings.element,
    h("div", { class: "row end" }, h("a", { class: "button", href: "#/cutouts", onclick: () => location.hash === "#/cutouts" && location.reload() }, "Cancel"), begin));
}

const LOOK_MS = 1_000;
const WORDS = { pending: "Waiting", running: "Running", completed: "Done", failed: "Failed" };

/** A batch while it runs and afterwards. @param {string} id */
export async function batchPage(id) {
  const head = h("div", { class: "card stack" });
  const grid = h("ul", { class: "grid shots" });
  const known = names();
  /** @type {Map<string, string>} status of each tile as drawn */
  const drawn = new Map();
  /** @param {import("./api.js").Batch} state */
  function draw(state) {
    const over = state.status === "completed" || state.status === "failed";
    const bar = custom("pt-progress", { label: "Progress of the batch" });
    bar.setAttribute("value", String(state.progress * 100));
    fill(head, h("div", { class: "row spread" }, h("p", { role: "status" }, `${state.completed_images} of ${state.total_images} done${state.failed_images ? `, ${state.failed_images} failed` : ""}${state.cancelled ? ", cancelled" : ""}`),
      h("div", { class: "row" }, over && (state.failed_images || state.status === "failed") ? h("button", { type: "button", onclick: () => again().catch(toastError) }, "Try again") : null,
        over ? (state.completed_images ? exporter(id, "batch") : null) : h("button", { type: "button", onclick: () => cancel(id).catch(toastError) }, "Cancel"))), over ? null : bar);
    for (const [index, job] of state.jobs.entries()) {
      if (drawn.get(job.job_id) === job.status) continue;
      drawn.set(job.job_id, job.status);
      const tile = h("li", { class: "card" }, job.status === "completed"
        ? h("a", { href: `#/cutouts/jobs/${job.job_id}` }, shot(job.job_id), h("b", {}, known[job.job_id] ?? `Picture ${index + 1}`))
        : h("div", {}, h("div", { class: "thumb" }, icon("cutouts")), h("b", {}, known[job.job_id] ?? `Picture ${index + 1}`)),
      h("small", { class: job.status === "failed" ? "problem" : "" }, job.status === "completed" ? `${job.total_masks} found` : job.error_message ?? WORDS[job.status]));
      if (grid.children[index]) grid.children[index].replaceWith(tile);
      else grid.append(tile);
    }
    return over;
  }
  async function again() {
    const job = await retry(id);
    refresh();
    if (job.batch_job_id?.endsWith(id.replace(/^batch-/, ""))) await look();
    else go(`/cutouts/batches/${job.batch_job_id}`);
  }
  async function look() {
    if (!grid.isConnected) return;
    try {
      if (draw(await patiently(() => batch(id)))) return refresh();
    } catch (error) {
      return toastError(error);
    }
    setTimeout(look, LOOK_MS);
  }
  if (!draw(await batch(id))) setTimeout(look, LOOK_MS);
  return h("section", { class: "stack" }, h("p", {}, h("a", { href: "#/cutouts" }, "‹ Cut-outs")), h("h1", {}, "Batch"), head, grid);
}
