// The models of the faces that have them: on disk, in memory, where they come from.

import { h } from "../../dom.js";
import { number } from "../../format.js";
import { request } from "../../http.js";
import { toast, toastError } from "../../toasts.js";
import { table } from "./health.js";

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
  const act = (/** @type {string} */ label, /** @type {string} */ path, /** @type {string} */ method, /** @type {string} */ done) =>
    h("button", { type: "button", "aria-label": `${label} ${model.name}`, onclick: async (/** @type {Event} */ event) => {
      const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
      button.disabled = true;
      try {
        await request("quarry", `/models/${model.name}${path}`, { method });
        toast(`${model.name}: ${done}`, "success");
        await again();
      } catch (error) {
        toastError(error);
        button.disabled = false;
      }
    } }, label);
  const buttons = model.kind === "embedded" ? [] : [
    model.cached ? null : act("Download", "/download", "POST", "the download has begun"),
    model.cached && !model.loaded ? act("Load", "/load", "POST", "loaded") : null,
    model.loaded ? act("Unload", "/unload", "DELETE", "unloaded") : null,
  ];
  return h("tr", {}, h("th", { scope: "row" }, model.name, h("small", { class: "block" }, model.description)),
    h("td", {}, model.cached ? `${number(model.size_mb)} MB` : "not here"), h("td", {}, model.loaded ? `${number(model.memory_usage_mb)} MB` : "not loaded"), h("td", {}, model.licence ?? "–"), h("td", {}, h("span", { class: "row" }, buttons)));
}

/** @param {any} model */
function seismicRow(model) {
  const gain = model.metrics?.snr_improvement;
  return h("tr", {}, h("th", { scope: "row" }, model.display_name ?? model.name, h("small", { class: "block" }, model.description)), h("td", {}, model.type),
    h("td", {}, gain === null || gain === undefined ? "not measured" : `${number(gain)} dB`), h("td", {}, model.version));
}
