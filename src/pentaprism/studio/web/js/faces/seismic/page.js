// Seismic: datasets, one dataset, the form of a job, the jobs, one job with its result.

import { h } from "../../dom.js";
import { styles } from "../../styles.js";

/** @param {import("../../router.js").Place} place */
export default async function page(place) {
  const [, kind, id, what] = place.parts;
  const [page] = await Promise.all([load(kind, id, what, place.query), styles("seismic")]);
  return h("div", { class: "seismic stack" }, page);
}

/** @param {string | undefined} kind @param {string | undefined} id @param {string | undefined} what @param {URLSearchParams} query @returns {Promise<HTMLElement>} */
async function load(kind, id, what, query) {
  if (kind === "jobs" && id) return (await import("./job.js")).jobPage(id);
  if (kind === "jobs") return (await import("./joblist.js")).jobList(query);
  if (kind === "datasets" && id && what === "job") return (await import("./composer.js")).composer(id, query);
  if (kind === "datasets" && id) return (await import("./dataset.js")).datasetPage(id);
  return (await import("./list.js")).datasetList(query);
}
