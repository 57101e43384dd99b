// The list of projects, one's own and those shared with one.

import { fill, h, icon } from "../../dom.js";
import { ago } from "../../format.js";
import { go } from "../../router.js";
import { toastError } from "../../toasts.js";
import { projects, signed } from "./api.js";
import { newProject } from "./project-forms.js";

const PAGE = 24;
const PAUSE_MS = 250;
const ORDERS = { "created_at desc": "Newest first", "updated_at desc": "Changed last", "title asc": "By name", "image_count desc": "Most images" };

export default async function projectsPage() {
  const grid = h("ul", { class: "grid projects" });
  const search = h("input", { type: "search", "aria-label": "Search projects", placeholder: "Search", oninput: () => later() });
  const order = h("select", { "aria-label": "Order", onchange: () => load(0).catch(toastError) }, Object.entries(ORDERS).map(([value, text]) => h("option", { value }, text)));
  const more = h("button", { type: "button", onclick: () => load(grid.children.length).catch(toastError) }, "Show more");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = 0;
  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => load(0).catch(toastError), PAUSE_MS);
  }
  /** @param {number} offset */
  async function load(offset) {
    const visit = (asked += 1);
    const [sort_field, sort_direction] = order.value.split(" ");
    const found = await projects({ limit: PAGE, offset, search: search.value.trim(), sort_field, sort_direction });
    if (visit !== asked) return;
    if (!offset) fill(grid);
    grid.append(...found.projects.map(card));
    more.hidden = offset + found.projects.length >= found.total;
    if (!found.total) grid.append(h("li", { class: "empty" }, search.value.trim() ? "No project has this in its name or description." : "No projects yet. A project holds the images of one experiment. Make your first one."));
  }
  await load(0);
  const make = async () => go(`/cells/projects/${(await newProject()).id}`);
  return h("section", { class: "stack cells" },
    h("div", { class: "row spread" }, h("div", {}, h("h1", {}, "Cells"), h("p", { class: "quiet" }, "Spheroids and cells as measured polygons.")),
      h("button", { type: "button", class: "primary", onclick: () => make().catch(toastError) }, icon("plus"), "New project")),
    h("div", { class: "row tools-row" }, search, order), grid, h("div", { class: "row" }, more));
}

/** @param {import("./api.js").Project} project */
function card(project) {
  const count = project.image_count === 1 ? "1 image" : `${project.image_count} images`;
  return h("li", {}, h("a", { class: "card project-card", href: `#/cells/projects/${project.id}` },
    h("span", { class: "thumb" }, project.thumbnail_url ? h("img", { src: signed(project.thumbnail_url), alt: "", loading: "lazy" }) : icon("cells")),
    h("h2", { class: "clamp" }, project.title), project.description ? h("p", { class: "quiet clamp" }, project.description) : null,
    h("span", { class: "row chips" }, project.tags.map((tag) => h("span", { class: "chip" }, tag)), project.is_owner ? null : h("span", { class: "chip busy" }, `${project.owner_name}: ${project.permission === "edit" ? "may edit" : "may look"}`),
      project.public ? h("span", { class: "chip" }, "Public") : null),
    h("small", {}, `${count} · ${ago(project.updated_at)}`)));
}
