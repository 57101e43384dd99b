// A new product: a title and photos are enough, the analysis fills in the rest.

import { field, h } from "../../dom.js";
import { refresh } from "../../queue.js";
import { go } from "../../router.js";
import { toast, toastError } from "../../toasts.js";
import { create, update } from "./api.js";
import { stale } from "./jobs.js";
import { Sender } from "./sender.js";
import { CATEGORIES, say } from "./words.js";

export function composer() {
  const sender = new Sender();
  const title = h("input", { name: "title", required: true, maxLength: 500, placeholder: "Red running shoes" });
  const description = h("textarea", { name: "description", maxLength: 10_000 });
  const category = h("select", { name: "category" }, h("option", { value: "" }, "Let the photos decide"), CATEGORIES.map((name) => h("option", { value: name }, say(name))));
  const send = h("button", { class: "primary" }, "Create product");
  /** @type {import("./api.js").Product | null} */
  let made = null;
  // A file name is a better title than none, and easily changed.
  sender.onchange = () => (title.value ||= (sender.items[0]?.file.name ?? "").replace(/\.[a-z0-9]+$/i, "").replace(/[_-]+/g, " "));

  async function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    send.disabled = true;
    try {
      const wish = { title: title.value.trim(), description: description.value.trim() || null, ...(category.value ? { category: category.value } : {}) };
      made = made ? await update(made.id, wish) : await create({ ...wish, category: category.value || null });
      const accepted = await sender.send(made.id);
      stale();
      refresh();
      const refused = sender.items.filter((item) => item.state === "refused");
      for (const item of refused) toast(`${item.file.name}: ${item.problem}`, "error");
      if (accepted.length || !refused.length) go(`/products/items/${made.id}`);
    } catch (error) {
      toastError(error);
    } finally {
      send.disabled = false;
    }
  }

  return h("form", { class: "split", onsubmit: submit },
    h("div", { class: "card" }, sender.element),
    h("div", { class: "card" }, field("Title", title), field("Description", description, "Words here help to recognise the product"), field("Category", category), h("div", { class: "row end" }, send)));
}
