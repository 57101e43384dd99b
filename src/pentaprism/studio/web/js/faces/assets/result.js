// One job: live while it runs, then its pictures as the platforms will show them.

import { custom, fill, h, icon } from "../../dom.js";
import { patiently } from "../../faults.js";
import { bytes } from "../../format.js";
import { go } from "../../router.js";
import { refresh } from "../../queue.js";
import { toastError } from "../../toasts.js";
import { focalDialog } from "./focal.js";
import { cancel, follow, job as load, retry } from "./api.js";

const OVER = ["completed", "failed", "cancelled"];
const SOON_MS = 1_500;
const LATE_MS = 60_000;

/** @param {string} id */
export async function resultPage(id) {
  const room = h("section", { class: "stack" });
  let job = await load(id);
  let pause = SOON_MS;
  draw(room, job);
  if (!OVER.includes(job.status)) watch();
  return room;

  function watch() {
    const stop = follow(id, (frame) => {
      if (!room.isConnected && frame.type !== "connected") return stop();
      if (frame.type === "lost") {
        setTimeout(look, pause);
        pause = Math.min(2 * pause, LATE_MS);
      }
      if (frame.type === "done") return look();
      if (frame.type !== "progress" && frame.type !== "status") return;
      pause = SOON_MS;
      job = { ...job, status: frame.status, progress: frame.progress, logs: frame.message ? [...job.logs, frame.message] : job.logs };
      advance(room, job, frame.message);
    });
  }

  /** How the job stands now; while it is under way its news are waited for again. */
  async function look() {
    if (!room.isConnected) return;
    try {
      job = await patiently(() => load(id));
    } catch (error) {
      return toastError(error);
    }
    draw(room, job);
    if (OVER.includes(job.status)) refresh();
    else watch();
  }
}

/** @param {HTMLElement} room @param {import("./api.js").AssetJob} job */
function draw(room, job) {
  fill(room, h("p", {}, h("a", { href: "#/assets" }, "‹ Assets")), h("h1", { class: "prompt" }, job.data.prompt || "New crops"), status(room, job), job.result ? pictures(job) : null);
}

/** @param {HTMLElement} room @param {import("./api.js").AssetJob} job @param {string | null} message */
function advance(room, job, message) {
  room.querySelector("pt-progress")?.setAttribute("value", String(job.progress));
  const line = room.querySelector(".now");
  if (line && message) line.textContent = message;
}

/** @param {HTMLElement} room @param {import("./api.js").AssetJob} job */
function status(room, job) {
  if (job.status === "completed") {
    const result = /** @type {import("./api.js").AssetResult} */ (job.result);
    return h("div", { class: "card stack" }, h("p", {}, result.revisedPrompt ?? "Your own picture."),
      result.ignoredTerms?.length ? h("p", { class: "quiet" }, `Not drawn: ${result.ignoredTerms.join(", ")}`) : null,
      result.errors.map((error) => h("p", { class: "problem" }, `${error.platform}: ${error.message}`)),
      h("div", { class: "row" }, h("a", { class: "button primary", href: result.zipUrl, download: "" }, icon("download"), "Download all"),
        h("button", { type: "button", onclick: () => go(`/assets?prompt=${encodeURIComponent(job.data.prompt ?? "")}`) }, "Use the prompt again"),
        h("small", {}, `Made by ${result.provider}${result.model ? ` (${result.model})` : ""}`)));
  }
  if (job.status === "failed" || job.status === "cancelled") {
    return h("div", { class: "card stack", role: "alert" }, h("p", { class: "problem" }, job.failedReason ?? "Cancelled"),
      job.status === "failed" ? h("div", { class: "row" }, h("button", { type: "button", class: "primary", onclick: () => again(room, job.jobId) }, icon("retry"), "Try again")) : null);
  }
  const bar = custom("pt-progress", { value: String(job.progress), label: "Progress of the pictures" });
  bar.setAttribute("value", String(job.progress));
  return h("div", { class: "card stack" }, h("p", { class: "now", "aria-live": "polite" }, job.logs.at(-1) ?? "Waiting for a free worker"), bar,
    h("div", { class: "row end" }, h("button", { type: "button", onclick: () => cancel(job.jobId).catch(toastError) }, "Cancel")));
}

/** @param {HTMLElement} room @param {string} id */
async function again(room, id) {
  try {
    await retry(id);
    room.replaceWith(await resultPage(id));
    refresh();
  } catch (error) {
    toastError(error);
  }
}

/** @param {import("./api.js").AssetJob} job */
function pictures(job) {
  const result = /** @type {import("./api.js").AssetResult} */ (job.result);
  return h("ul", { class: "mocks" }, result.images.map((image) => h("li", {}, mock(image),
    h("div", { class: "row spread" }, h("small", {}, `${image.width} × ${image.height} · ${bytes(image.size)} · ${image.fit}${image.upscaled ? " · enlarged" : ""}`),
      h("span", { class: "row" }, image.fit === "native" ? null : h("button", { type: "button", class: "plain", onclick: () => focalDialog(job, image) }, "Move"),
        h("a", { class: "button plain", href: `${image.url}&download=1`, "aria-label": `Download ${image.platform}` }, icon("download")))))));
}

/** A picture inside a plain drawing of its platform. @param {import("./api.js").AssetImage} image */
function mock(image) {
  const [family] = image.platformId.split("-");
  const story = image.platformId.includes("story") || image.platformId.includes("tiktok");
  const wide = image.width / image.height > 2;
  const picture = h("img", { src: image.url, alt: image.alt, width: image.width, height: image.height, loading: "lazy" });
  return h("figure", { class: `mock ${family} ${story ? "story" : ""} ${wide ? "banner" : ""}` },
    h("figcaption", {}, h("span", { class: "face-dot" }), h("b", {}, image.platform)), picture,
    story ? null : h("span", { class: "mock-lines", "aria-hidden": "true" }, h("i"), h("i"), h("i")));
}
