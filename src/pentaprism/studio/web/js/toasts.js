// Short messages at the edge: what was done, and every error in the server's words with the request id.

import { fill, h, icon } from "./dom.js";

const LIFE = { info: 5_000, success: 4_000, error: 12_000 };

/** The region that is read aloud. */
const region = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
document.body.append(region);

/** @param {string} message @param {"info" | "success" | "error"} [kind] @param {{ requestId?: string | null, action?: { label: string, run: () => void } }} [extra] */
export function toast(message, kind = "info", extra = {}) {
  const box = h("div", { class: `toast ${kind}` });
  const close = () => box.remove();
  fill(
    box,
    h("p", {}, message, extra.requestId ? h("small", {}, `Request ${extra.requestId}`) : null),
    extra.action ? h("button", { type: "button", class: "link", onclick: () => (extra.action?.run(), close()) }, extra.action.label) : null,
    h("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: close }, icon("close")),
  );
  region.append(box);
  setTimeout(close, LIFE[kind]);
}

/** Tell an error. Aborted requests are no news. @param {any} error */
export function toastError(error) {
  if (error?.name === "AbortError") return;
  toast(error?.message ?? "Something went wrong.", "error", { requestId: error?.requestId });
}

/** A box with an error for the place where content would stand. @param {any} error @param {() => void} [retry] */
export function errorBox(error, retry) {
  return h(
    "div",
    { class: "empty error", role: "alert" },
    h("p", {}, error?.message ?? "Something went wrong."),
    error?.requestId ? h("small", {}, `Request ${error.requestId}`) : null,
    retry ? h("button", { type: "button", onclick: retry }, "Try again") : null,
  );
}
