// The models of the faces that have them: on disk, in memory, where they come from.

import { custom, fill, h } from "../../dom.js";
import { bytes, number } from "../../format.js";
import { request } from "../../http.js";
import { toast, toastError } from "../../toasts.js";
import { table } from "./health.js";

const LOOK_MS = 1_000;

export async function models() {
  const [masks, seismic] = await Promise.all([request("quarry", "/models/"), request("promethium", "/api/v1/models")]);
  const box = h("div", { class: "stack" },
    h("div", { class: "card" }, h("h2", {}, "Cut-outs"), table(["Model", "On disk", "Memory", "Licence", ""], masks.data.map((/** @type {any} */ model) => maskRow(model, again)))),
    h("div", { class: "card" }, h("h2", {}, "Seismic"), table(["Model", "For", "Gain in SNR", "Version"], seismic.items.map(seismicRow))));
  async function again() {
    box.replaceWith(await models());
  }
  return box;
}

/** @param {any} model @param {() => Promise<void>} again */
function maskRow(model, again) {
  const cell = h("span", { class: "row" });
  /** @param {string} label @param {() => Promise<void>} work @param {string} done */
  const act = (label, work, done) =>
    h("button", { type: "button", "aria-label": `${label} ${model.name}`, onclick: async (/** @type {Event} */ event) => {
      const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
      button.disabled = true;
      try {
        await work();
        if (!cell.isConnected) return;
        toast(`${model.name}: ${done}`, "success");
        await again();
      } catch (error) {
        toastError(error);
        fill(cell, buttons());
      }
    } }, label);
  const change = (/** @type {string} */ path, /** @type {string} */ method) => request("quarry", `/models/${model.name}${path}`, { method });
  const buttons = () => model.kind === "embedded" ? [] : [
    model.cached ? null : act("Download", () => download(model.name, cell), "downloaded"),
    model.cached && !model.loaded ? act("Load", () => change("/load", "POST"), "loaded") : null,
    model.loaded ? act("Unload", () => change("/unload", "DELETE"), "unloaded") : null,
  ];
  fill(cell, buttons());
  return h("tr", {}, h("th", { scope: "row" }, model.name, h("small", { class: "block" }, model.description)),
    h("td", {}, model.cached ? `${number(model.size_mb)} MB` : "not here"), h("td", {}, model.loaded ? `${number(model.memory_usage_mb)} MB` : "not loaded"), h("td", {}, model.licence ?? "–"), h("td", {}, cell));
}

/** Fetch a model on the server and show in ``cell`` how far that is; gives up looking when the page is left. @param {string} name @param {HTMLElement} cell */
async function download(name, cell) {
  let running = false;
  do {
    const { data } = await request("quarry", `/models/${name}/download`, { method: "POST" });
    if (data.status === "completed") return;
    // Asking again would begin anew what has failed.
    if (running && data.status === "pending") throw new Error(`${name} could not be downloaded. The server's log has the reason.`);
    running = data.status === "running";
    const bar = custom("pt-progress", { label: `Download of ${name}`, value: String(data.total_bytes ? (100 * data.bytes) / data.total_bytes : 0) });
    fill(cell, h("small", {}, `${bytes(data.bytes)} of ${bytes(data.total_bytes)}`), bar);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  } while (cell.isConnected);
}

/** @param {any} model */
function seismicRow(model) {
  const gain = model.metrics?.snr_improvement;
  return h("tr", {}, h("th", { scope: "row" }, model.display_name ?? model.name, h("small", { class: "block" }, model.description)), h("td", {}, model.type),
    h("td", {}, gain === null || gain === undefined ? "not measured" : `${number(gain)} dB`), h("td", {}, model.version));
}
