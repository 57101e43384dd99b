// Photos on their way to the server: one row a file with its own progress, though up to twenty travel in one request.

import { custom, fill, h, icon } from "../../dom.js";
import { bytes } from "../../format.js";
import "../../elements/drop-zone.js";
import { sendPhotos } from "./api.js";

const TYPES = ["image/jpeg", "image/png", "image/webp", "image/gif"];
const LARGEST = 50_000_000;
const TOGETHER = 20;

/** @typedef {{ file: File, preview: string, state: "waiting" | "sending" | "sent" | "refused", share: number, problem: string | null }} Item */

/** A drop zone with the list of chosen photos. */
export class Sender {
  /** @type {Item[]} */
  items = [];
  list = h("ul", { class: "sending", "aria-label": "Chosen photos" });
  zone = custom("pt-drop-zone", { accept: TYPES.join(","), hint: "JPEG, PNG, WebP or GIF up to 50 MB each; the first becomes the main photo" });
  /** @type {() => void} */
  onchange = () => {};

  constructor(text = "Drop photos here or choose them") {
    this.zone.text = text;
    this.zone.addEventListener("files", (/** @type {CustomEvent<File[]>} */ event) => this.add(event.detail));
    this.element = h("div", { class: "stack" }, this.zone, this.list);
  }

  /** @param {File[]} files */
  add(files) {
    for (const file of files) {
      const problem = file.size > LARGEST ? `Larger than ${bytes(LARGEST)}` : file.size === 0 ? "The file is empty" : file.type && !TYPES.includes(file.type) ? "Not a JPEG, PNG, WebP or GIF" : null;
      this.items.push({ file, preview: URL.createObjectURL(file), state: problem ? "refused" : "waiting", share: 0, problem });
    }
    this.draw();
    this.onchange();
  }

  /** What still has to be sent. */
  get waiting() {
    return this.items.filter((item) => item.state === "waiting");
  }

  /**
   * Send everything that waits, in groups. Returns the names of accepted files; refused ones keep their row with the reason.
   * @param {string} productId
   */
  async send(productId) {
    const accepted = [];
    for (let group = this.waiting.slice(0, TOGETHER); group.length; group = this.waiting.slice(0, TOGETHER)) {
      for (const item of group) item.state = "sending";
      this.draw();
      try {
        const answer = await sendPhotos(productId, group.map((item) => item.file), (share) => this.advance(group, share));
        const rejected = [...answer.rejected];
        for (const item of group) {
          const index = rejected.findIndex((each) => each.filename === item.file.name);
          const [refusal] = index < 0 ? [] : rejected.splice(index, 1);
          Object.assign(item, { state: refusal ? "refused" : "sent", problem: refusal?.detail ?? null, share: 1 });
          if (!refusal) accepted.push(item.file.name);
        }
      } catch (error) {
        for (const item of group) Object.assign(item, { state: "waiting", share: 0, problem: /** @type {Error} */ (error).message });
        throw error;
      } finally {
        this.draw();
      }
    }
    return accepted;
  }

  /** The bytes of a request belong to its files one after the other. @param {Item[]} group @param {number} share */
  advance(group, share) {
    let sent = share * group.reduce((sum, item) => sum + item.file.size, 0);
    for (const item of group) {
      item.share = Math.max(0, Math.min(1, sent / item.file.size));
      sent -= item.file.size;
      this.list.children[this.items.indexOf(item)]?.querySelector("pt-progress")?.setAttribute("value", String(item.share * 100));
    }
  }

  /** Forget what was sent. */
  clear() {
    for (const item of this.items) if (item.state === "sent") URL.revokeObjectURL(item.preview);
    this.items = this.items.filter((item) => item.state !== "sent");
    this.draw();
  }

  /** @param {Item} item */
  drop(item) {
    URL.revokeObjectURL(item.preview);
    this.items = this.items.filter((each) => each !== item);
    this.draw();
    this.onchange();
  }

  draw() {
    fill(this.list, this.items.map((item) => {
      const bar = custom("pt-progress", { label: `Upload of ${item.file.name}` });
      bar.setAttribute("value", String(item.share * 100));
      const words = { waiting: bytes(item.file.size), sending: bytes(item.file.size), sent: "Sent", refused: "Not taken" }[item.state];
      return h("li", { class: item.state },
        h("img", { src: item.preview, alt: "", onerror: (/** @type {Event} */ event) => /** @type {HTMLElement} */ (event.target).replaceWith(icon("products")) }),
        h("div", { class: "grow" }, h("span", { class: "name" }, item.file.name), h("small", {}, words), item.problem ? h("small", { class: "problem" }, item.problem) : null, item.state === "sending" ? bar : null),
        item.state === "waiting" || item.state === "refused" ? h("button", { type: "button", class: "plain", "aria-label": `Remove ${item.file.name}`, onclick: () => this.drop(item) }, icon("close")) : null);
    }));
  }
}
