// Finding everything in a picture: the settings, and the job while it runs.

import { custom, field, fill, h } from "../../dom.js";
import { refresh } from "../../queue.js";
import { toastError } from "../../toasts.js";
import { cancel, ended } from "./api.js";
import { stale } from "./jobs.js";

/** Name, label, hint, attributes of the input. @type {[string, string, string, Record<string, any>][]} */
const SETTINGS = [
  ["points_per_side", "Points a side", "More find smaller things and take longer", { min: 1, max: 256, step: 1, value: 64 }],
  ["pred_iou_thresh", "Least quality", "0 lets everything through", { min: 0, max: 1, step: 0.01, value: 0.9 }],
  ["stability_score_thresh", "Least stability", "0 lets everything through", { min: 0, max: 1, step: 0.01, value: 0.92 }],
  ["min_mask_region_area", "Least area in pixels", "Smaller holes are filled, smaller islands go", { min: 0, max: 16_777_216, step: 1, value: 1000 }],
  ["crop_n_layers", "Closer looks", "Parts are searched again at higher detail", { min: 0, max: 4, step: 1, value: 1 }],
  ["crop_n_points_downscale_factor", "Fewer points a look", "", { min: 1, max: 16, step: 1, value: 2 }],
];

/** The six settings as a folded form. `values` has what differs from the usual. */
export class Settings {
  inputs = new Map(SETTINGS.map(([name, , , attributes]) => [name, h("input", { type: "number", required: true, ...attributes })]));
  element = h("details", {}, h("summary", {}, "Settings"), h("div", { class: "settings" }, SETTINGS.map(([name, label, hint]) => field(label, /** @type {HTMLInputElement} */ (this.inputs.get(name)), hint))));

  /** @returns {Record<string, number> | null} null when something is out of range; the browser says what */
  get values() {
    const bad = [...this.inputs.values()].find((input) => !input.checkValidity());
    if (bad) {
      this.element.open = true;
      bad.reportValidity();
      return null;
    }
    return Object.fromEntries(SETTINGS.map(([name, , , attributes]) => [name, attributes, Number(this.inputs.get(name)?.value)]).filter(([, attributes, value]) => /** @type {any} */ (attributes).value !== value).map(([name, , value]) => [name, value]));
  }
}

/**
 * A job with its bar and a way to cancel, in `room`. Resolves to its last state, null when cancelled or nobody looks any more.
 * @param {HTMLElement} room @param {string} title @param {string} id
 */
export async function shown(room, title, id) {
  const bar = custom("pt-progress", { label: title });
  const words = h("small", { "aria-live": "polite" }, "Waiting for a free worker");
  const stop = h("button", { type: "button", onclick: () => cancel(id).catch(toastError) }, "Cancel");
  fill(room, h("div", { class: "running" }, h("div", { class: "row spread" }, h("b", {}, title), stop), bar, words));
  stale();
  refresh();
  const last = await ended(id, (state) => {
    bar.setAttribute("value", String(state.progress * 100));
    words.textContent = state.status === "pending" ? "Waiting for a free worker" : `${Math.round(state.progress * 100)} %`;
  }, () => room.isConnected);
  stale();
  refresh();
  if (!last) return null;
  fill(room);
  if (last.cancelled) return null;
  if (last.status === "failed") fill(room, h("p", { class: "problem", role: "alert" }, last.error_message ?? "The job failed."));
  return last.status === "completed" ? last : null;
}
