// <pt-queue>: the jobs of all faces, with progress, place in the queue, cancel and retry.

import { fill, h, icon } from "../dom.js";
import { ago } from "../format.js";
import { canRetry, cancel, isOver, onJobs, refresh, retry } from "../queue.js";
import { SECTIONS } from "../sections.js";
import { toastError } from "../toasts.js";

const WORDS = { queued: "Waiting", running: "Running", retrying: "Trying again", completed: "Done", failed: "Failed", cancelled: "Cancelled" };

class QueueDrawer extends HTMLElement {
  #list = h("ul", { class: "jobs" });
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    this.setAttribute("role", "complementary");
    this.setAttribute("aria-label", "Queue");
    fill(this, h("div", { class: "row" }, h("h2", {}, "Queue"), h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => (this.open = false) }, icon("close"))), this.#list);
    this.open = false;
    this.#stop = onJobs((jobs) => this.draw(jobs));
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  get open() {
    return !this.hidden;
  }

  set open(open) {
    this.hidden = !open;
    if (open) refresh();
  }

  /** @param {import("../queue.js").QueuedJob[]} jobs */
  draw(jobs) {
    if (!jobs.length) {
      fill(this.#list, h("li", { class: "empty" }, "Nothing is being made. Jobs of all faces show up here."));
      return;
    }
    fill(this.#list, jobs.slice(0, 60).map((job) => row(job)));
  }
}

/** @param {import("../queue.js").QueuedJob} job */
function row(job) {
  const section = SECTIONS.find((each) => each.name === job.face);
  const state = WORDS[job.status] + (job.position && !isOver(job) && job.status !== "running" ? `, number ${job.position}` : "");
  const bar = document.createElement("pt-progress");
  bar.setAttribute("label", job.title);
  if (job.status !== "retrying") bar.setAttribute("value", String(job.progress));
  return h("li", { class: `job ${job.status}` },
    section ? icon(section.icon) : null,
    h("div", {}, h("a", { href: job.href ?? `#/${job.face}` }, job.title), h("small", {}, `${state}${isOver(job) ? ` ${ago(job.createdAt)}` : ` · ${Math.round(job.progress)} %`}`),
      job.message ? h("small", { class: "said" }, job.message) : null, isOver(job) ? null : bar),
    isOver(job)
      ? canRetry(job)
        ? h("button", { type: "button", class: "plain", "aria-label": `Try again: ${job.title}`, onclick: () => retry(job.face, job.id)?.catch(toastError) }, icon("retry"))
        : null
      : h("button", { type: "button", class: "plain", "aria-label": `Cancel: ${job.title}`, onclick: () => cancel(job.face, job.id)?.catch(toastError) }, icon("close")));
}

customElements.define("pt-queue", QueueDrawer);
