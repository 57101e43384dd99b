// Small pieces that several pages of the section share.

import { h, icon } from "../../dom.js";
import { save } from "../../download.js";
import { toastError } from "../../toasts.js";
import { exported, visualization } from "./api.js";

/** @type {Record<string, [string, string]>} file ending and words of each export */
const EXPORTS = {
  zip: ["zip", "Everything (ZIP)"], coco: ["coco.json", "COCO"], geojson: ["geojson", "GeoJSON"], polygons: ["polygons.json", "Outlines"], labelmap: ["png", "Label map (PNG)"],
};

/** A choice of exports with its button. @param {string} id @param {string} name of the file */
export function exporter(id, name) {
  const format = h("select", { "aria-label": "Export as" }, Object.entries(EXPORTS).map(([value, [, words]]) => h("option", { value }, words)));
  const button = h("button", { type: "button", onclick: async () => {
    button.disabled = true;
    try {
      // A batch comes as a ZIP with a folder for each picture, whatever lies in it.
      const ending = name === "batch" ? "zip" : EXPORTS[format.value][0];
      save(await exported(id, format.value), `${name}.${ending}`);
    } catch (error) {
      toastError(error);
    } finally {
      button.disabled = false;
    }
  } }, icon("download"), "Export");
  return h("div", { class: "row exporter" }, format, button);
}

/** @type {WeakMap<Element, () => void>} */
const wanted = new WeakMap();
const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    watch.unobserve(target);
    wanted.get(target)?.();
  }
}, { rootMargin: "200px" });

/** The picture of a job with its masks, fetched when it comes into sight. @param {string} id */
export function shot(id) {
  return picture(() => visualization(id));
}

/** A picture that needs the token. @param {() => Promise<Blob>} load @param {string} [alt] */
export function picture(load, alt = "") {
  const box = h("div", { class: "thumb" });
  wanted.set(box, async () => {
    try {
      const address = URL.createObjectURL(await load());
      const image = h("img", { src: address, alt, onload: () => URL.revokeObjectURL(address) });
      box.append(image);
    } catch {
      box.append(icon("cutouts"));
    }
  });
  watch.observe(box);
  return box;
}
