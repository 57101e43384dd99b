// The log of a job: live lines at the end, by level, never two times the same.

import { field, fill, h } from "../../dom.js";
import { toastError } from "../../toasts.js";
import { logs } from "./api.js";
import { choice } from "./list.js";
import { clock } from "./words.js";

const MOST = 5000;
const NEAR = 40;

export class Log {
  /** @type {import("./api.js").LogLine[]} */
  #lines = [];
  #list = h("ol", {});
  #box = h("div", { class: "log", role: "log", "aria-label": "Log", tabIndex: 0 }, this.#list);
  #level = choice({ info: "Everything", warning: "Warnings and errors", debug: "Details too" });

  /** @param {string} id of the job @param {import("./api.js").LogLine[]} lines */
  constructor(id, lines) {
    this.id = id;
    this.#lines = [...lines];
    this.#level.addEventListener("change", () => this.#reload().catch(toastError));
    this.element = h("section", { class: "card stack" }, h("div", { class: "row spread" }, h("h2", {}, "Log"), h("div", { class: "narrow" }, field("Show", this.#level))), this.#box);
    this.#draw();
  }

  /** Time of the last known line. */
  get last() {
    return this.#lines.at(-1)?.timestamp ?? null;
  }

  /** @param {import("./api.js").LogLine} line */
  add(line) {
    if (this.last !== null && line.timestamp <= this.last) return;
    this.#lines.push(line);
    if (!this.#shows(line)) return;
    const isAtEnd = this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < NEAR;
    this.#list.append(row(line));
    if (isAtEnd) this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** @param {import("./api.js").LogLine} line */
  #shows(line) {
    return this.#level.value !== "warning" || line.level === "warning" || line.level === "error";
  }

  async #reload() {
    this.#lines = (await logs(this.id, { level: this.#level.value === "debug" ? "debug" : "info", limit: MOST })).logs;
    this.#draw();
  }

  #draw() {
    const shown = this.#lines.filter((line) => this.#shows(line));
    fill(this.#list, shown.map(row));
    // It has its height once it stands on the page.
    requestAnimationFrame(() => (this.#box.scrollTop = this.#box.scrollHeight));
  }
}

/** @param {import("./api.js").LogLine} line */
function row(line) {
  return h("li", { class: line.level }, h("time", { dateTime: line.timestamp }, clock(line.timestamp)), h("span", {}, line.message));
}
