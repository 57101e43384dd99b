// Products: the board, a new product, one product, the figures.

import { h } from "../../dom.js";
import { styles } from "../../styles.js";
import { board } from "./board.js";
import { composer } from "./composer.js";
import { dashboard } from "./dashboard.js";
import { productPage } from "./product.js";

const TABS = [["", "Board"], ["dashboard", "Dashboard"], ["new", "New product"]];

/** @param {import("../../router.js").Place} place */
export default async function page(place) {
  await styles("products");
  const [, what = "", id] = place.parts;
  if (what === "items" && id) return productPage(id);
  const content = what === "new" ? composer() : what === "dashboard" ? await dashboard() : await board(place.query);
  return h("section", { class: "stack products" },
    h("div", { class: "row spread" },
      h("div", {}, h("h1", {}, "Products"), h("p", { class: "quiet" }, "Photos in; category, attributes, defects and a text out. You have the last word.")),
      h("nav", { class: "row tabs", "aria-label": "Products" }, TABS.map(([name, title]) => tab(name, title, name === what)))),
    content);
}

/** @param {string} name @param {string} title @param {boolean} here */
function tab(name, title, here) {
  return h("a", { class: name === "new" ? "button primary" : "button", href: name ? `#/products/${name}` : "#/products", ...(here ? { "aria-current": "page" } : {}) }, title);
}
