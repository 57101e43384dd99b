// Lists of jobs: all of them, or those of one dataset.

import { field, fill, h, icon } from "../../dom.js";
import { ago } from "../../format.js";
import { onJobs } from "../../queue.js";
import { rewrite } from "../../router.js";
import { errorBox, toast, toastError } from "../../toasts.js";
import { ask } from "../../elements/dialog.js";
import { jobs, removeJob } from "./api.js";
import { choice } from "./list.js";
import { JOB_STATES, TYPES } from "./words.js";

const ROWS = 20;

/** @param {string} status */
export function stateChip(status) {
  return h("span", { class: `chip ${{ completed: "good", failed: "bad", running: "busy", pending: "busy" }[status] ?? ""}` }, JOB_STATES[status]);
}

/** @param {import("./api.js").JobItem} job @param {() => void} redraw */
function row(job, redraw) {
  const isOver = !["pending", "running"].includes(job.status);
  const remove = async () => {
    if (!(await ask("Delete this job?", { detail: "Its log and its pictures go for good; the dataset that it made stays.", confirm: "Delete", danger: true }))) return;
    try {
      await removeJob(job.id);
      toast("The job is deleted.", "success");
      redraw();
    } catch (error) {
      toastError(error);
    }
  };
  return h("li", { class: "card job-row" }, h("a", { class: "grow", href: `#/seismic/jobs/${job.id}` }, h("b", { class: "name" }, `${TYPES[job.type]} · ${job.dataset_name}`),
    h("small", {}, `${job.model_name} · ${ago(job.created_at)}${job.status === "running" ? ` · ${job.progress} %` : ""}`), job.error ? h("small", { class: "problem" }, job.error.message) : null),
    stateChip(job.status), isOver ? h("button", { type: "button", class: "plain", "aria-label": `Delete the job on ${job.dataset_name}`, onclick: remove }, icon("trash")) : null);
}

/** Rows that stay up to date while jobs move on. @param {() => Record<string, any>} wanted @param {string} nothing */
function rows(wanted, nothing) {
  const list = h("ul", { class: "datasets", "aria-label": "Jobs" });
  const foot = h("div", { class: "row spread" });
  const room = h("div", { class: "stack" }, list, foot);
  let page = 1;
  let seen = "";

  async function draw() {
    try {
      const found = await jobs({ ...wanted(), page, per_page: ROWS });
      fill(list, found.items.length ? found.items.map((job) => row(job, draw)) : h("li", { class: "empty" }, nothing));
      fill(foot, h("small", {}, found.total === 1 ? "1 job" : `${found.total.toLocaleString()} jobs`), found.pages > 1 ? h("span", { class: "row" }, turn("Back", -1, page <= 1), `${page} of ${found.pages}`, turn("Next", 1, page >= found.pages)) : null);
    } catch (error) {
      fill(list, h("li", {}, errorBox(error, draw)));
    }
  }

  /** @param {string} text @param {number} by @param {boolean} disabled */
  function turn(text, by, disabled) {
    return h("button", { type: "button", disabled, onclick: () => ((page += by), draw()) }, text);
  }

  const stop = onJobs((all) => {
    const now = JSON.stringify(all.filter((job) => job.face === "seismic").map(({ id, status, progress }) => [id, status, progress]));
    if (now === seen) return;
    const isFirst = seen === "";
    seen = now;
    if (isFirst) return;
    if (room.isConnected) draw();
    else stop();
  });
  return { room, draw, restart: () => ((page = 1), draw()) };
}

/** @param {URLSearchParams} query */
export async function jobList(query) {
  const status = choice({ "": "All", ...JOB_STATES }, query.get("status"));
  const type = choice({ "": "All", ...TYPES }, query.get("type"));
  const wanted = () => ({ status: status.value, type: type.value });
  const { room, draw, restart } = rows(wanted, "No jobs here. Choose a dataset and press New job.");
  for (const select of [status, type]) {
    select.addEventListener("change", () => {
      const told = new URLSearchParams(Object.entries(wanted()).filter(([, value]) => value));
      rewrite(`/seismic/jobs${told.size ? `?${told}` : ""}`);
      restart();
    });
  }
  await draw();
  return h("section", { class: "stack" }, h("p", { class: "crumb" }, h("a", { href: "#/seismic" }, "‹ Datasets")), h("h1", {}, "Jobs"), h("div", { class: "filters few" }, field("Status", status), field("What", type)), room);
}

/** The jobs that read a dataset. @param {string} id */
export async function jobsOf(id) {
  const { room, draw } = rows(() => ({ dataset_id: id }), "No jobs on this dataset yet. Press New job above.");
  await draw();
  return room;
}
