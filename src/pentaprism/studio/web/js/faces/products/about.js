// What a product says of itself: title, texts, category, status. Only changed fields are sent; what the analysis fills in later never overwrites typing.

import { field, fill, h } from "../../dom.js";
import { toast, toastError } from "../../toasts.js";
import { update } from "./api.js";
import { CATEGORIES, TREE, say } from "./words.js";

const STATUSES = ["draft", "active", "archived"];

/** @typedef {"title" | "description" | "category" | "subcategory" | "ai_description" | "status"} Name */

export class About {
  title = h("input", { required: true, maxLength: 500 });
  description = h("textarea", { maxLength: 10_000 });
  ai_description = h("textarea", { maxLength: 10_000, class: "tall" });
  category = h("select", { onchange: () => this.group() }, h("option", { value: "" }, "None"), CATEGORIES.map((name) => h("option", { value: name }, say(name))));
  subcategory = h("select");
  status = h("select", {}, STATUSES.map((name) => h("option", { value: name }, say(name))));
  save = h("button", { class: "primary", disabled: true }, "Save");
  reset = h("button", { type: "button", disabled: true, onclick: () => this.discard() }, "Undo changes");
  use = h("button", { type: "button", class: "link", onclick: () => ((this.description.value = this.ai_description.value), this.look()) }, "Take it as the description");
  /** @type {Record<Name, string>} */
  shown = { title: "", description: "", category: "", subcategory: "", ai_description: "", status: "draft" };

  /** @param {import("./api.js").Product} product @param {(product: import("./api.js").Product) => void} onSaved */
  constructor(product, onSaved) {
    this.product = product;
    this.onSaved = onSaved;
    this.note = h("small", {});
    this.element = h("form", { class: "card about", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), this.send()), oninput: () => this.look() },
      h("h2", {}, "About"), field("Title", this.title),
      h("div", { class: "pair" }, field("Category", this.category), field("Group", this.subcategory)), this.note,
      field("Status", this.status), field("Description", this.description), field("Text from the photos", this.ai_description, "Written from what was found; change it freely, empty it to have it written again"), this.use,
      h("div", { class: "row end" }, this.reset, this.save));
    this.take(product);
  }

  /** New values from the server; fields that somebody is changing stay. @param {import("./api.js").Product} product */
  take(product) {
    const dirty = new Set(this.changed());
    this.product = product;
    for (const name of /** @type {Name[]} */ (Object.keys(this.shown))) {
      const value = product[name] ?? "";
      this.shown[name] = value;
      if (dirty.has(name)) continue;
      if (name === "category") this.category.value = value;
      else if (name === "subcategory") this.group(value);
      else if (name === "status") this.offer(value);
      else this[name].value = value;
    }
    const ai = product.metadata_?.ai;
    this.note.textContent = ai?.applied?.includes("category") ? `Found in the photos (${Math.round((ai.category_confidence ?? 0) * 100)} % sure)` : "";
    this.look();
  }

  /** The server says "processing"; people cannot choose it. @param {string} status */
  offer(status) {
    const names = STATUSES.includes(status) ? STATUSES : [status, ...STATUSES];
    fill(this.status, names.map((name) => h("option", { value: name, disabled: !STATUSES.includes(name) }, say(name))));
    this.status.value = status;
  }

  /** The groups of the chosen category. @param {string} [value] */
  group(value) {
    const groups = Object.keys(TREE[this.category.value] ?? {});
    const other = value && !groups.includes(value) ? [value] : [];
    fill(this.subcategory, h("option", { value: "" }, "None"), [...groups, ...other].map((name) => h("option", { value: name }, say(name))));
    this.subcategory.value = value ?? "";
  }

  /** @returns {Name[]} */
  changed() {
    return /** @type {Name[]} */ (Object.keys(this.shown)).filter((name) => this[name].value !== this.shown[name]);
  }

  look() {
    const clean = this.changed().length === 0;
    this.save.disabled = clean;
    this.reset.disabled = clean;
    this.use.hidden = !this.ai_description.value || this.ai_description.value === this.description.value;
  }

  discard() {
    this.shown = /** @type {any} */ (Object.fromEntries(Object.keys(this.shown).map((name) => [name, /** @type {any} */ (this)[name].value])));
    this.take(this.product);
  }

  async send() {
    this.save.disabled = true;
    try {
      const product = await update(this.product.id, Object.fromEntries(this.changed().map((name) => [name, name === "title" || name === "status" ? this[name].value : this[name].value.trim() || null])));
      this.product = product;
      this.discard();
      this.onSaved(product);
      toast("Saved.", "success");
    } catch (error) {
      toastError(error);
    } finally {
      this.look();
    }
  }
}
