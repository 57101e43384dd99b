// Files on their way to the server, one row each with its own progress.

import { custom, field, fill, h, icon } from "../../dom.js";
import { bytes } from "../../format.js";
import "../../elements/drop-zone.js";
import { send } from "./api.js";

const ACCEPT = ".sgy,.segy,.mseed,.ms,.miniseed,.npy";

/** @param {() => void} onArrival called after each file that the server has taken */
export function sender(onArrival) {
  const rows = h("ul", { class: "sending", "aria-label": "Uploads" });
  const zone = custom("pt-drop-zone", { accept: ACCEPT, hint: "SEG-Y, miniSEED or NumPy (.npy) files of up to 10 GB; the content decides, not the name" });
  zone.text = "Drop seismic files here or choose them";
  const description = h("input", { maxLength: 2000 });
  const tags = h("input", { placeholder: "2026, line 4" });
  const interval = h("input", { type: "number", min: "0.001", step: "any", inputMode: "decimal" });
  zone.addEventListener("files", async (/** @type {CustomEvent<File[]>} */ event) => {
    const told = {
      ...(description.value.trim() ? { description: description.value.trim() } : {}),
      ...(tags.value.trim() ? { tags: tags.value.split(",").map((tag) => tag.trim()).filter(Boolean) } : {}),
    };
    // One after the other: two large files at once would only slow each other down.
    for (const [file, row] of event.detail.map((file) => /** @type {const} */ ([file, new Row(file, rows)]))) {
      const isArray = file.name.toLowerCase().endsWith(".npy") && Number(interval.value) > 0;
      if (await row.send({ ...told, ...(isArray ? { sample_interval_us: Number(interval.value) * 1000 } : {}) })) onArrival();
    }
  });
  return h("section", { class: "stack", "aria-label": "Upload" }, zone,
    h("details", {}, h("summary", {}, "Description, tags, sample interval"),
      h("div", { class: "options" }, field("Description", description, "For every file that is sent next"), field("Tags", tags, "Separated by commas"),
        field("Sample interval in ms", interval, "Of .npy files, which do not say it themselves"))),
    rows);
}

class Row {
  stopper = new AbortController();
  bar = custom("pt-progress", {});
  words = h("small", { role: "status" }, "Waiting");
  tools = h("span", { class: "row" });

  /** @param {File} file @param {HTMLElement} list */
  constructor(file, list) {
    this.file = file;
    this.bar.setAttribute("label", `Upload of ${file.name}`);
    this.bar.setAttribute("value", "0");
    this.element = h("li", {}, h("div", { class: "grow" }, h("span", { class: "name" }, file.name), this.words, this.bar), this.tools);
    fill(this.tools, h("button", { type: "button", class: "plain", "aria-label": `Stop: ${file.name}`, onclick: () => this.stop() }, icon("close")));
    list.append(this.element);
  }

  stop() {
    this.stopper.abort();
    this.element.remove();
  }

  /** @param {Record<string, any>} told @returns {Promise<boolean>} whether the server took it */
  async send(told) {
    if (this.stopper.signal.aborted) return false;
    this.words.className = "";
    try {
      await send(this.file, told, (share) => this.advance(share), this.stopper.signal);
      this.element.remove();
      return true;
    } catch (error) {
      if (this.stopper.signal.aborted) return false;
      const { message, requestId } = /** @type {any} */ (error);
      this.words.textContent = requestId ? `${message} (request ${requestId})` : message;
      this.words.className = "problem";
      fill(this.tools, h("button", { type: "button", class: "plain", "aria-label": `Remove: ${this.file.name}`, onclick: () => this.element.remove() }, icon("close")));
      this.bar.hidden = true;
      return false;
    }
  }

  /** @param {number} share */
  advance(share) {
    this.bar.setAttribute("value", String(share * 100));
    this.words.textContent = share < 1 ? `${bytes(this.file.size * share)} of ${bytes(this.file.size)}` : "Sent; the server looks at it";
  }
}
