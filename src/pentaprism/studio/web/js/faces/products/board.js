// All products with search and filters. The address keeps them, so that a board can be shared and the way back leads to it.

import { field, fill, h, icon } from "../../dom.js";
import { ago } from "../../format.js";
import { rewrite } from "../../router.js";
import { errorBox } from "../../toasts.js";
import { exportDialog } from "./exports.js";
import { products, thumbnail } from "./api.js";
import { CATEGORIES, say } from "./words.js";

const PAGE = 24;
const STATUSES = ["", "draft", "processing", "active", "archived"];
const TYPING_MS = 250;
const LOOK_MS = 3_000;

/** @param {URLSearchParams} query */
export async function board(query) {
  const state = { search: query.get("search") ?? "", category: query.get("category") ?? "", status: query.get("status") ?? "", page: Number(query.get("page") ?? 1) || 1 };
  const grid = h("ul", { class: "grid board", "aria-live": "polite" });
  const pager = h("div", { class: "row" });
  const count = h("p", { class: "quiet", role: "status" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = 0;

  async function show() {
    clearTimeout(timer);
    const turn = ++asked;
    const set = Object.entries(state).filter(([name, value]) => value && !(name === "page" && value === 1));
    if (grid.isConnected) rewrite(`/products${set.length ? `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}` : ""}`);
    try {
      const found = await products({ ...state, page_size: PAGE });
      if (turn !== asked) return;
      fill(grid, found.items.length ? found.items.map(card) : empty(set.length > 0));
      count.textContent = found.total === 1 ? "1 product" : `${found.total} products`;
      fill(pager, found.pages > 1 ? [turnTo("‹ Newer", state.page - 1, state.page > 1), h("span", {}, `Page ${found.page} of ${found.pages}`), turnTo("Older ›", state.page + 1, state.page < found.pages)] : null);
      if (found.items.some((item) => item.status === "processing")) timer = setTimeout(() => grid.isConnected && show(), LOOK_MS);
    } catch (error) {
      if (turn === asked) fill(grid, h("li", {}, errorBox(error, show)));
    }
  }

  /** @param {string} text @param {number} page @param {boolean} possible */
  function turnTo(text, page, possible) {
    return h("button", { type: "button", disabled: !possible, onclick: () => ((state.page = page), show(), scrollTo({ top: 0 })) }, text);
  }

  /** @param {Partial<typeof state>} change */
  function set(change) {
    Object.assign(state, change, { page: 1 });
    show();
  }

  const buttons = STATUSES.map((status) => h("button", {
    type: "button", "aria-pressed": String(status === state.status),
    onclick: () => {
      STATUSES.forEach((each, index) => buttons[index].setAttribute("aria-pressed", String(each === status)));
      set({ status });
    },
  }, status ? say(status) : "All"));
  const search = h("input", {
    type: "search", value: state.search, maxLength: 200, placeholder: "Words in title or description",
    oninput: () => {
      // The words count at once, so that whatever is asked before the pause is over asks with them.
      Object.assign(state, { search: search.value.trim(), page: 1 });
      clearTimeout(timer);
      timer = setTimeout(show, TYPING_MS);
    },
  });
  const category = h("select", { onchange: () => set({ category: category.value }) }, h("option", { value: "" }, "All categories"), CATEGORIES.map((name) => h("option", { value: name }, say(name))));
  category.value = state.category;
  await show();
  return h("div", { class: "stack" },
    h("form", { class: "card filters", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      field("Search", search), field("Category", category),
      h("div", { class: "field", role: "group", "aria-label": "Status" }, h("span", {}, "Status"), h("div", { class: "row segments" }, buttons)),
      h("button", { type: "button", onclick: () => exportDialog({ category: state.category, status: state.status, search: state.search }) }, icon("download"), "Export")),
    count, grid, pager);
}

/** @param {import("./api.js").Product} product */
function card(product) {
  const [first] = product.images;
  const source = first && thumbnail(first, 384);
  const picture = source ? h("img", { src: source, alt: "", loading: "lazy" }) : h("span", { class: "quiet" }, icon("products"));
  return h("li", {}, h("a", { class: "card product-card", href: `#/products/items/${product.id}` },
    h("span", { class: "thumb" }, picture),
    h("b", { class: "clamp" }, product.title),
    h("span", { class: "row spread" }, badge(product.status), h("small", {}, product.category ? say(product.category) : "No category")),
    h("small", {}, `${product.images.length === 1 ? "1 photo" : `${product.images.length} photos`} · ${ago(product.created_at)}`)));
}

/** The status of a product. @param {string} status */
export function badge(status) {
  const kind = status === "active" ? "good" : status === "processing" ? "busy" : "";
  return h("span", { class: `chip ${kind}` }, say(status));
}

/** @param {boolean} filtered */
function empty(filtered) {
  return h("li", { class: "empty" }, filtered ? "No product fits these filters." : h("span", {}, "No products yet. ", h("a", { href: "#/products/new" }, "Make the first one"), " from a few photos."));
}
