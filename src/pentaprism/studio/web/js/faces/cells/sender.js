// A drop zone with the files on their way to a project.

import { custom, fill, h, icon } from "../../dom.js";
import { bytes } from "../../format.js";
import "../../elements/drop-zone.js";
import "../../elements/progress-bar.js";
import { ACCEPT, again, clear, drop, onUploads, send, uploadsOf } from "./uploads.js";

const WORDS = { waiting: "Waiting", sending: "Sending", sent: "Sent", failed: "Not taken", cancelled: "Cancelled" };

/** @param {string} projectId @param {() => void} arrived images became more */
export function sender(projectId, arrived) {
  const zone = custom("pt-drop-zone", { accept: ACCEPT, hint: "JPEG, PNG, TIFF (also 16 bit and stacks) or BMP, up to 50 MB each" });
  zone.text = "Drop images here or choose them";
  zone.addEventListener("files", (/** @type {CustomEvent<File[]>} */ event) => send(projectId, event.detail));
  const list = h("ul", { class: "plain-list uploads", "aria-label": "Uploads" });
  const tidy = h("button", { type: "button", class: "link", onclick: () => clear(projectId) }, "Clear the list");
  /** @type {Map<string, { state: string, row: HTMLElement }>} */
  let rows = new Map();

  function draw() {
    const items = uploadsOf(projectId);
    const next = new Map(items.map((item) => {
      const known = rows.get(item.id);
      return [item.id, known?.state === item.state ? known : { state: item.state, row: line(item) }];
    }));
    if (next.size !== rows.size || [...next].some(([id, { row }]) => rows.get(id)?.row !== row)) fill(list, [...next.values()].map(({ row }) => row));
    rows = next;
    for (const item of items) rows.get(item.id)?.row.querySelector("pt-progress")?.setAttribute("value", String(100 * item.share));
    tidy.hidden = !items.some((item) => item.state !== "waiting" && item.state !== "sending");
    list.hidden = !items.length;
  }

  const stop = onUploads((/** @type {string | null} */ sentTo) => {
    if (!box.isConnected && ready) return stop();
    draw();
    if (sentTo === projectId) arrived();
  });
  let ready = false;
  const box = h("div", { class: "stack sender" }, zone, list, h("div", { class: "row end" }, tidy));
  draw();
  setTimeout(() => (ready = true), 5_000);
  return box;
}

/** @param {import("./uploads.js").Item} item */
function line(item) {
  const bar = custom("pt-progress", { label: `Upload of ${item.file.name}` });
  const open = item.state === "waiting" || item.state === "sending";
  return h("li", { class: `row ${item.state}` }, h("span", { class: "ellipsis name" }, item.file.name), h("small", {}, `${WORDS[item.state]} · ${bytes(item.file.size)}`),
    h("span", { class: "grow" }, item.problem ? h("small", { class: "problem" }, item.problem) : null, open ? bar : null),
    open ? h("button", { type: "button", class: "plain", "aria-label": `Cancel ${item.file.name}`, onclick: () => drop(item) }, icon("close")) : null,
    item.state === "failed" && item.file.size ? h("button", { type: "button", class: "plain", "aria-label": `Try again: ${item.file.name}`, onclick: () => again(item) }, icon("retry")) : null);
}
