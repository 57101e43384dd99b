// One earlier job: clicks and automatic masks come back onto the bench, extracted objects as their files.

import { fill, h, icon } from "../../dom.js";
import { save } from "../../download.js";
import { number } from "../../format.js";
import { refresh } from "../../queue.js";
import { go } from "../../router.js";
import { errorBox, toastError } from "../../toasts.js";
import { extraction, job as load, object, picture as fetchPicture, retry, segmentation, visualization } from "./api.js";
import { Bench } from "./bench.js";
import { engineWords } from "./engine.js";
import { shown } from "./everything.js";
import { exporter, picture as lazy } from "./parts.js";
import { decode, recall, remember } from "./picture.js";

const TITLES = { single: "Click", auto: "Everything in a picture", box: "Box", extract: "Objects", batch: "Batch" };
/** @type {Record<string, string>} */
const SKIPPED = { too_small: "too small", too_large: "too large", nested: "inside of others", over_limit: "over the limit" };

/** @param {string} id @param {boolean} bench whether the masks of an extraction are wanted, not its files */
export async function jobPage(id, bench) {
  const job = await load(id);
  if (job.kind === "batch") go(`/cutouts/batches/${id}`);
  const room = h("div", { class: "stack" });
  const page = h("section", { class: "stack" }, h("div", { class: "row spread" }, h("p", {}, h("a", { href: "#/cutouts" }, "‹ Cut-outs")), job.status === "completed" ? exporter(id, `cut-outs ${id.slice(0, 8)}`) : null), h("h1", {}, TITLES[job.kind]), room);
  if (job.status === "completed") await result(room, job, bench);
  else if (job.status === "failed") fill(room, errorBox({ message: job.cancelled ? "Cancelled." : job.error_message ?? undefined }, () => again(page, id).catch(toastError)));
  else queueMicrotask(() => wait(room, id).catch(toastError));
  return page;
}

/** Try the job of a page again. @param {HTMLElement} page @param {string} id */
async function again(page, id) {
  const job = await retry(id);
  refresh();
  if (job.job_id === id) page.replaceWith(await jobPage(id, false));
  else go(`/cutouts/jobs/${job.job_id}`);
}

/** @param {HTMLElement} room @param {string} id */
async function wait(room, id) {
  await new Promise((resolve) => requestAnimationFrame(resolve));
  const card = h("div", { class: "card" });
  fill(room, card);
  if (await shown(card, "Working", id)) room.parentElement?.replaceWith(await jobPage(id, false));
}

/** @param {HTMLElement} room @param {import("./api.js").Job} job @param {boolean} bench */
async function result(room, job, bench) {
  if (job.kind === "extract" && !bench) return objects(room, job.job_id);
  const found = await segmentation(job.job_id);
  try {
    let picture = recall(found.image_id);
    if (!picture) {
      picture = await decode(await fetchPicture(job.job_id), "cut-out", { width: found.image_width, height: found.image_height });
      picture.image = found.image_id;
      remember(picture);
    }
    const table = new Bench(picture);
    table.given(found, job.kind !== "single" && job.kind !== "box");
    fill(room, table.element);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    // The browser cannot decode this format: the server's picture of the result is shown.
    const address = URL.createObjectURL(await visualization(job.job_id));
    fill(room, h("p", { class: "quiet" }, `This browser cannot show the picture itself; here is the server's view of ${found.masks.length} masks.`), h("img", { src: address, alt: "The picture with its masks", class: "seen" }), engineWords(found));
  }
}

/** @param {HTMLElement} room @param {string} id */
async function objects(room, id) {
  const found = await extraction(id);
  const skipped = Object.entries(found.skipped_reasons).filter(([, count]) => count).map(([reason, count]) => `${count} ${SKIPPED[reason] ?? reason}`);
  fill(room, h("p", {}, found.objects.length ? `${found.objects.length} objects cut out at full resolution.` : "No object was large enough.", skipped.length ? ` Left out: ${skipped.join(", ")}.` : "", " ", h("a", { href: `#/cutouts/jobs/${id}?on=picture` }, "See them in the picture")),
    h("ul", { class: "grid shots objects" }, found.objects.map((cut, index) => h("li", { class: "card" }, lazy(() => object(id, index), `Object ${index + 1}`),
      h("div", { class: "row spread" }, h("small", {}, `${cut.width} × ${cut.height} · ${number(cut.predicted_iou, 2)}`),
        h("button", { type: "button", class: "plain", "aria-label": `Download ${cut.name}`, onclick: () => download(id, index, cut.name) }, icon("download")))))),
    engineWords(found));
}

/** @param {string} id @param {number} index @param {string} name */
async function download(id, index, name) {
  try {
    save(await object(id, index), name);
  } catch (error) {
    toastError(error);
  }
}
