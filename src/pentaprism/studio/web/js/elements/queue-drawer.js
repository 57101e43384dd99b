// <pt-queue>: the jobs of all faces, with progress, place in the queue, cancel and retry.

import { fill, h, icon } from "../dom.js";
import { ago } from "../format.js";
import { canRetry, cancel, isOver, onJobs, refresh, retry } from "../queue.js";
import { SECTIONS } from "../sections.js";
import { toastError } from "../toasts.js";

const WORDS = { queued: "Waiting", running: "Running", retrying: "Trying again", completed: "Done", failed: "Failed", cancelled: "Cancelled" };

const MOST = 60;

/** @typedef {import("../queue.js").QueuedJob} QueuedJob */

class QueueDrawer extends HTMLElement {
  #list = h("ul", { class: "jobs" });
  #empty = h("li", { class: "empty" }, "Nothing is being made. Jobs of all faces show up here.");
  /** @type {Map<string, Row>} */
  #rows = new Map();
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

  /** Rows stay while their jobs are listed: a click or the focus must not be lost to the next look. @param {QueuedJob[]} jobs */
  draw(jobs) {
    const shown = jobs.slice(0, MOST);
    const keys = shown.map((job) => `${job.face} ${job.id}`);
    for (const key of [...this.#rows.keys()].filter((each) => !keys.includes(each))) this.#rows.delete(key);
    const elements = shown.map((job, index) => {
      const row = this.#rows.get(keys[index]) ?? new Row(job);
      this.#rows.set(keys[index], row);
      row.show(job);
      return row.element;
    });
    const wanted = elements.length ? elements : [this.#empty];
    for (const child of [...this.#list.children]) if (!wanted.includes(/** @type {HTMLLIElement} */ (child))) child.remove();
    for (const [index, element] of wanted.entries()) {
      if (this.#list.children[index] !== element) this.#list.insertBefore(element, this.#list.children[index] ?? null);
    }
  }
}

/** A job in the list. */
class Row {
  element = h("li");
  #link = h("a");
  #state = h("small");
  #said = h("small", { class: "said" });
  #bar = document.createElement("pt-progress");
  #button = h("button", { type: "button", class: "plain" });
  #does = "";

  /** @param {QueuedJob} job */
  constructor(job) {
    const section = SECTIONS.find((each) => each.name === job.face);
    fill(this.element, section ? icon(section.icon) : null, h("div", {}, this.#link, this.#state, this.#said, this.#bar), this.#button);
  }

  /** @param {QueuedJob} job */
  show(job) {
    const over = isOver(job);
    const place = job.position && !over && job.status !== "running" ? `, number ${job.position}` : "";
    this.element.className = `job ${job.status}`;
    this.#link.href = job.href ?? `#/${job.face}`;
    this.#link.textContent = job.title;
    this.#state.textContent = WORDS[job.status] + place + (over ? ` ${ago(job.createdAt)}` : ` · ${Math.round(job.progress)} %`);
    this.#said.textContent = job.message ?? "";
    this.#said.hidden = !job.message;
    this.#bar.hidden = over;
    this.#bar.setAttribute("label", job.title);
    if (job.status === "retrying") this.#bar.removeAttribute("value");
    else this.#bar.setAttribute("value", String(job.progress));
    this.#act(job, over ? (canRetry(job) ? "retry" : "") : "cancel");
  }

  /** @param {QueuedJob} job @param {"" | "cancel" | "retry"} does */
  #act(job, does) {
    this.#button.hidden = !does;
    this.#button.setAttribute("aria-label", `${does === "retry" ? "Try again" : "Cancel"}: ${job.title}`);
    this.#button.onclick = () => (does === "retry" ? retry : cancel)(job.face, job.id)?.catch(toastError);
    if (does !== this.#does) fill(this.#button, icon(does === "retry" ? "retry" : "close"));
    this.#does = does;
  }
}

customElements.define("pt-queue", QueueDrawer);
