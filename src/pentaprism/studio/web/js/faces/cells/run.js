// Asking for a segmentation: model and parameters with sensible defaults.

import { field, h } from "../../dom.js";
import { formDialog } from "../../elements/dialog.js";
import { refresh } from "../../queue.js";
import { toast } from "../../toasts.js";
import { models, resegment, segmentMany } from "./api.js";

/**
 * @param {{ projectId: string, imageIds: string[] | null, parameters?: Record<string, any>, pages?: number }} what ids null: all images
 * @param {() => void} started
 */
export async function runDialog({ projectId, imageIds, parameters = {}, pages = 1 }, started) {
  const { models: known } = await models();
  const text = imageIds === null ? "Find cells in all images" : imageIds.length === 1 ? "Find cells in this image" : `Find cells in ${imageIds.length} images`;
  /** @type {Record<string, any>} */
  const value = { model: "auto", threshold: 0.5, min_size: 100, min_hole_size: 50, split_touching: true, fill_holes: false, exclude_border: false, polarity: "auto", ...parameters };
  const shown = h("output", {}, String(value.threshold));
  formDialog(text, [
    field("Model", h("select", { name: "model" }, known.filter((each) => each.available).map((each) => h("option", { value: each.id, selected: each.id === value.model }, `${each.displayName} – ${each.description}`)))),
    field("Threshold", h("input", { type: "range", name: "threshold", min: 0.05, max: 0.95, step: 0.05, value: value.threshold, oninput: (/** @type {Event} */ event) => (shown.textContent = /** @type {HTMLInputElement} */ (event.target).value) }), "Higher finds less, lower finds more"),
    h("p", { class: "range-value" }, shown),
    h("div", { class: "pair" }, field("Smallest object in px²", h("input", { type: "number", name: "min_size", min: 0, step: "any", value: value.min_size })), field("Smallest hole in px²", h("input", { type: "number", name: "min_hole_size", min: 0, step: "any", value: value.min_hole_size }))),
    field("Objects are", h("select", { name: "polarity" }, ["auto", "dark", "bright"].map((each) => h("option", { value: each, selected: each === value.polarity }, { auto: "Either (automatic)", dark: "Darker than the ground", bright: "Brighter than the ground" }[each])))),
    pages > 1 ? field("Page", h("input", { type: "number", name: "page", min: 1, max: pages, value: (value.page ?? 0) + 1 }), `1 to ${pages}`) : "",
    check("split_touching", "Split objects that touch", value.split_touching), check("fill_holes", "Fill holes", value.fill_holes), check("exclude_border", "Leave out objects at the border", value.exclude_border),
  ], async (data) => {
    const wish = {
      model: data.get("model"),
      parameters: {
        threshold: Number(data.get("threshold")), min_size: Number(data.get("min_size")), min_hole_size: Number(data.get("min_hole_size")), polarity: data.get("polarity"),
        split_touching: data.has("split_touching"), fill_holes: data.has("fill_holes"), exclude_border: data.has("exclude_border"), ...(pages > 1 ? { page: Number(data.get("page")) - 1 } : {}),
      },
    };
    if (imageIds?.length === 1) await resegment(imageIds[0], wish);
    else {
      const answer = await segmentMany(projectId, { ...wish, imageIds });
      if (answer.failed.length) toast(`${answer.failed.length} images were not queued: ${answer.failed[0].error}`, "error");
    }
    started();
    refresh();
  }, "Find cells");
}

/** @param {string} name @param {string} text @param {boolean} on */
const check = (name, text, on) => h("label", { class: "row check" }, h("input", { type: "checkbox", name, checked: on }), text);
