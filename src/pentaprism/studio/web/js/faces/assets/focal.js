// Choosing what has to stay in the picture: a click on it makes a new crop at once.

import { h } from "../../dom.js";
import { go } from "../../router.js";
import { refresh } from "../../queue.js";
import { toastError } from "../../toasts.js";
import { create } from "./api.js";

/** @param {import("./api.js").AssetJob} job @param {import("./api.js").AssetImage} image */
export function focalDialog(job, image) {
  const pin = h("span", { class: "pin", "aria-hidden": "true" });
  const x = h("input", { type: "range", min: "0", max: "100", value: "50", "aria-label": "From left to right", oninput: place });
  const y = h("input", { type: "range", min: "0", max: "100", value: "50", "aria-label": "From top to bottom", oninput: place });
  const largest = [...(job.result?.images ?? [])].sort((a, b) => b.width * b.height - a.width * a.height)[0] ?? image;
  const picture = h("img", { src: largest.url, alt: largest.alt });
  const stage = h("div", { class: "stage", onclick: (/** @type {MouseEvent} */ event) => {
    const box = picture.getBoundingClientRect();
    x.value = String(((event.clientX - box.left) / box.width) * 100);
    y.value = String(((event.clientY - box.top) / box.height) * 100);
    place();
  } }, picture, pin);
  function place() {
    pin.style.left = `${x.value}%`;
    pin.style.top = `${y.value}%`;
  }
  const all = h("input", { type: "checkbox" });
  const dialog = h("dialog", { class: "ask wide", onclose: () => dialog.remove() },
    h("h2", {}, `Move ${image.platform}`), h("p", { class: "quiet" }, "Click on what has to stay in the picture."), stage, x, y,
    h("label", { class: "row" }, all, "The same for all platforms of this job"),
    h("div", { class: "row end" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "button", class: "primary", onclick: async () => {
        try {
          const platforms = all.checked ? job.data.platforms : [image.platformId];
          const id = await create({ sourceJobId: job.jobId, platforms, options: { focalPoint: { x: Number(x.value) / 100, y: Number(y.value) / 100 }, format: image.format } });
          dialog.close();
          refresh();
          go(`/assets/jobs/${id}`);
        } catch (error) {
          toastError(error);
        }
      } }, "Crop again")));
  document.body.append(dialog);
  dialog.showModal();
  place();
}
