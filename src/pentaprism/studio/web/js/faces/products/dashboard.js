// The figures of the account: counts, categories, what was done lately.

import { h } from "../../dom.js";
import { ago, duration, number } from "../../format.js";
import { distribution, jobs, recent, stats } from "./api.js";
import { bars, columns } from "./charts.js";
import { say } from "./words.js";

const DAYS = 14;
const MOST_JOBS = 100;

export async function dashboard() {
  const [figures, categories, last, { items, total }] = await Promise.all([stats(), distribution(), recent(), jobs({ limit: MOST_JOBS })]);
  return h("div", { class: "stack" },
    h("ul", { class: "figures" }, [
      ["Products", figures.total_products], ["Photos", figures.total_images], ["Analyses", figures.completed_analyses], ["Defects", figures.total_defects], ["Running now", figures.active_jobs],
    ].map(([name, value]) => figure(String(name), number(Number(value)))), figure("Time for a photo", figures.avg_processing_time_ms === null ? "–" : duration(figures.avg_processing_time_ms / 1000))),
    h("div", { class: "charts" },
      h("section", { class: "card" }, categories.length ? bars("Products by category", categories.map(({ category, count }) => ({ name: say(category), value: count }))) : nothing("Products by category", "No product has a category yet.")),
      h("section", { class: "card" }, items.length ? columns(`Photos looked at, last ${DAYS} days${total > MOST_JOBS ? ` (the last ${MOST_JOBS} jobs)` : ""}`, byDay(items)) : nothing("Photos looked at", "Nothing was analysed yet."))),
    h("section", { class: "card" }, h("h2", {}, "Lately"), last.length ? table(last, new Map(items.map((item) => [item.id, item.product_id]))) : h("p", { class: "quiet" }, "Jobs show up here as soon as photos are sent.")));
}

/** @param {string} name @param {string} value */
function figure(name, value) {
  return h("li", { class: "card" }, h("b", {}, value), h("span", { class: "quiet" }, name));
}

/** @param {string} title @param {string} text */
function nothing(title, text) {
  return h("figure", { class: "chart" }, h("figcaption", {}, title), h("p", { class: "empty" }, text));
}

/** @param {import("./api.js").Job[]} items */
function byDay(items) {
  const today = new Date();
  return Array.from({ length: DAYS }, (_, index) => {
    const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - DAYS + 1 + index);
    const here = items.filter((item) => new Date(item.created_at).toDateString() === day.toDateString());
    const sum = (/** @type {"processed_images" | "failed_images"} */ key) => here.reduce((all, item) => all + item[key], 0);
    return { name: day.toLocaleDateString(undefined, { day: "numeric", month: "short" }), good: sum("processed_images"), bad: sum("failed_images") };
  });
}

/** @param {import("./api.js").Job[]} last @param {Map<string, string | null>} owners products of jobs */
function table(last, owners) {
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["Job", "Status", "Photos", "Begun"].map((name) => h("th", { scope: "col", class: name === "Photos" ? "number" : "" }, name)))),
    h("tbody", {}, last.map((job) => {
      const owner = owners.get(job.id);
      const kind = job.status === "completed" ? "good" : job.status === "failed" ? "bad" : job.status === "cancelled" ? "" : "busy";
      return h("tr", {}, h("td", {}, owner ? h("a", { href: `#/products/items/${owner}` }, say(job.job_type)) : say(job.job_type)), h("td", {}, h("span", { class: `chip ${kind}` }, say(job.status))),
        h("td", { class: "number" }, `${job.processed_images} of ${job.total_images}`), h("td", {}, ago(job.created_at)));
    }))));
}
