// What is under way with an image: whether the edits are saved, and how far its run is.

import { custom, fill, h } from "../../dom.js";
import { toastError } from "../../toasts.js";
import "../../elements/progress-bar.js";

const WORDS = { saved: "Saved", waiting: "Unsaved", saving: "Saving…", conflict: "Conflict", failed: "Not saved" };
const CHIPS = { saved: "good", waiting: "", saving: "busy", conflict: "bad", failed: "bad" };

/** @param {import("./saving.js").Saver} saver */
export function saveState(saver) {
  const box = h("span", { class: "row", role: "status" });
  const draw = () => fill(box, h("span", { class: `chip ${CHIPS[saver.state]}` }, WORDS[saver.state]),
    saver.state === "failed" ? [h("small", { class: "problem" }, saver.error?.requestId ? `${saver.error.message} (request ${saver.error.requestId})` : saver.error?.message), h("button", { type: "button", onclick: () => saver.flush() }, "Try again")] : null,
    saver.state === "conflict" ? [h("small", {}, "Somebody else saved a newer version."), h("button", { type: "button", onclick: () => saver.takeTheirs().catch(toastError) }, "Show theirs"), h("button", { type: "button", onclick: () => saver.keepMine() }, "Keep mine")] : null);
  saver.addEventListener("state", draw);
  draw();
  return box;
}

/** @param {{ cancel: () => Promise<void>, again: () => Promise<void> }} actions */
export function runState(actions) {
  const bar = custom("pt-progress", { label: "Segmentation" });
  const text = h("span", { class: "grow" });
  const cancel = h("button", { type: "button", onclick: () => actions.cancel().catch(toastError) }, "Cancel");
  const again = h("button", { type: "button", onclick: () => actions.again().catch(toastError) }, "Try again");
  const element = h("div", { class: "card notice run-state", role: "status", hidden: true }, h("div", { class: "row" }, text, cancel, again), bar);
  /** @param {string} status @param {number} progress */
  function advance(status, progress) {
    result.active = status === "queued" || status === "processing";
    element.hidden = !result.active && status !== "failed";
    cancel.hidden = bar.hidden = !result.active;
    again.hidden = status !== "failed";
    if (result.active) text.textContent = status === "queued" ? "Waiting for its turn" : `Finding cells: ${Math.round(progress)} %`;
    bar.setAttribute("value", String(progress));
  }
  /** @param {import("./api.js").Segmentation} found */
  function show(found) {
    advance(found.status, found.progress);
    if (found.status === "queued" && found.queue_position) text.textContent = `Waiting, number ${found.queue_position} in the queue`;
    if (found.status === "failed") text.textContent = found.error?.message ?? "The run failed.";
    const notes = [...found.warnings, found.model?.fallback ? `${found.model.requested} is not here, ${found.model.used} ran: ${found.model.reason}` : ""].filter(Boolean);
    warnings.hidden = !notes.length;
    fill(warnings, notes.map((note) => h("small", { class: "block warn" }, note)));
  }
  const warnings = h("div", { hidden: true });
  const result = { element: h("div", {}, element, warnings), active: false, advance, show };
  return result;
}
