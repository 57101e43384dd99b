// Autosave: a moment after the last edit the polygons become the next version, unless somebody else saved in between.

import { savePolygons, segmentation } from "./api.js";

const PAUSE_MS = 2_000;

/** @typedef {"saved" | "waiting" | "saving" | "conflict" | "failed"} SaveState */

/** Tells "state" when its state changes and "document" with the Segmentation that the server answered. */
export class Saver extends EventTarget {
  /** @type {SaveState} */
  state = "saved";
  /** @type {any} */
  error = null;
  /** Version that the edits are based on, 0 before the first. */
  version = 0;
  #imageId;
  #model;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Promise<void> | null} */
  #running = null;

  /** @param {string} imageId @param {import("./model.js").Model} model */
  constructor(imageId, model) {
    super();
    this.#imageId = imageId;
    this.#model = model;
    model.addEventListener("edit", () => this.#edited());
  }

  get dirty() {
    return this.state !== "saved";
  }

  #edited() {
    if (this.state === "conflict") return;
    this.#tell("waiting");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PAUSE_MS);
  }

  /** Save now what waits. @returns {Promise<void>} */
  async flush() {
    clearTimeout(this.#timer);
    if (this.#running) await this.#running;
    if (this.state !== "waiting" && this.state !== "failed") return;
    this.#running = this.#save().finally(() => (this.#running = null));
    await this.#running;
  }

  async #save() {
    const sent = this.#model.polygons;
    this.#tell("saving");
    try {
      const document = await savePolygons(this.#imageId, sent, this.version);
      this.version = document.version ?? 0;
      const untouched = this.#model.polygons === sent;
      if (untouched) this.#model.adopt(document.polygons);
      this.#tell(untouched ? "saved" : "waiting");
      this.dispatchEvent(new CustomEvent("document", { detail: document }));
      if (!untouched) this.#edited();
    } catch (error) {
      this.error = error;
      this.#tell(/** @type {any} */ (error).status === 412 ? "conflict" : "failed");
    }
  }

  /** After a conflict: the stored version is shown; the own edits are one undo away. */
  async takeTheirs() {
    const document = await segmentation(this.#imageId);
    this.version = document.version ?? 0;
    this.#model.load(document.polygons, true);
    this.#tell("saved");
    this.dispatchEvent(new CustomEvent("document", { detail: document }));
  }

  /** After a conflict: the own polygons become the next version; the other one stays in the list of versions. */
  async keepMine() {
    this.version = this.error?.body?.details?.currentVersion ?? 0;
    this.#tell("waiting");
    await this.flush();
  }

  /** @param {SaveState} state */
  #tell(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
