// Where files are dropped, and one row with its own progress for each that is on its way.

import { custom, field, fill, h, icon } from "../../dom.js";
import { bytes } from "../../format.js";
import "../../elements/drop-zone.js";
import { add, again, drop, onUploads, uploads } from "./uploads.js";

const ACCEPT = ".sgy,.segy,.mseed,.ms,.miniseed,.npy";

/** @param {() => void} onArrival called after each file that the server has taken */
export function sender(onArrival) {
  const rows = h("ul", { class: "sending", "aria-label": "Uploads" });
  const zone = custom("pt-drop-zone", { accept: ACCEPT, hint: "SEG-Y, miniSEED or NumPy (.npy) files of up to 10 GB; the content decides, not the name" });
  zone.text = "Drop seismic files here or choose them";
  const description = h("input", { maxLength: 2000 });
  const tags = h("input", { placeholder: "2026, line 4" });
  const interval = h("input", { type: "number", min: "0.001", step: "any", inputMode: "decimal" });
  /** @param {File} file */
  const told = (file) => ({
    ...(description.value.trim() ? { description: description.value.trim() } : {}),
    ...(tags.value.trim() ? { tags: tags.value.split(",").map((tag) => tag.trim()).filter(Boolean) } : {}),
    ...(file.name.toLowerCase().endsWith(".npy") && Number(interval.value) > 0 ? { sample_interval_us: Number(interval.value) * 1000 } : {}),
  });
  const draw = () => fill(rows, uploads().map(row));
  zone.addEventListener("files", (/** @type {CustomEvent<File[]>} */ event) => {
    add(event.detail, told);
    draw();
  });
  onUploads(({ arrived, item }) => {
    const here = rows.querySelector(`[data-id="${item.id}"]`);
    if (item.state === "sending" && item.share && here) advance(here, item);
    else draw();
    if (arrived) onArrival();
  });
  draw();
  return h("section", { class: "stack", "aria-label": "Upload" }, zone,
    h("details", {}, h("summary", {}, "Description, tags, sample interval"),
      h("div", { class: "options" }, field("Description", description, "For every file that is sent next"), field("Tags", tags, "Separated by commas"),
        field("Sample interval in ms", interval, "Of .npy files, which do not say it themselves"))),
    rows);
}

/** @param {import("./uploads.js").Item} item */
const words = ({ state, share, file, problem }) => problem ?? (state === "waiting" ? "Waiting" : share < 1 ? `${bytes(file.size * share)} of ${bytes(file.size)}` : "Sent; the server looks at it");

/** @param {import("./uploads.js").Item} item */
function row(item) {
  const { name } = item.file;
  const failed = item.state === "failed";
  const bar = custom("pt-progress", {});
  bar.setAttribute("label", `Upload of ${name}`);
  bar.setAttribute("value", String(item.share * 100));
  bar.hidden = failed;
  return h("li", { dataset: { id: item.id } }, h("div", { class: "grow" }, h("span", { class: "name" }, name), h("small", { class: failed ? "problem" : "said", role: failed ? "alert" : "status" }, words(item)), bar),
    failed ? h("button", { type: "button", class: "plain", "aria-label": `Send again: ${name}`, onclick: () => again(item) }, icon("retry")) : null,
    h("button", { type: "button", class: "plain", "aria-label": `${failed ? "Remove" : "Stop"}: ${name}`, onclick: () => drop(item) }, icon("close")));
}

/** @param {Element} here @param {import("./uploads.js").Item} item */
function advance(here, item) {
  here.querySelector("pt-progress")?.setAttribute("value", String(item.share * 100));
  const text = here.querySelector("small");
  if (text) text.textContent = words(item);
}
