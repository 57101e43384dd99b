// The first page after the log-in: where to go.

import { h, icon } from "../dom.js";
import { SECTIONS } from "../sections.js";
import { user } from "../session.js";

export default function home() {
  const name = user()?.name;
  return h("section", { class: "home" },
    h("h1", {}, name ? `Hello ${name}` : "Hello"),
    h("p", { class: "quiet" }, "What would you like to look at?"),
    h("ul", { class: "tiles" }, SECTIONS.map((section) => h("li", {}, h("a", { class: "card", href: `#/${section.name}` }, icon(section.icon), h("h2", {}, section.title), h("p", {}, section.text))))));
}
