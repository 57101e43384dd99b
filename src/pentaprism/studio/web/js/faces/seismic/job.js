// One job: live while it runs, then its result.

import { custom, fill, h, icon } from "../../dom.js";
import { patiently } from "../../faults.js";
import { ago, duration } from "../../format.js";
import { refresh } from "../../queue.js";
import { go } from "../../router.js";
import { toast, toastError } from "../../toasts.js";
import { cancel, job as load, logs, retry } from "./api.js";
import { stateChip } from "./joblist.js";
import { Log } from "./log.js";
import { resultOf } from "./result.js";
import { follow } from "./socket.js";
import { TYPES } from "./words.js";

/** @param {string} id */
export async function jobPage(id) {
  const room = h("section", { class: "stack" });
  const job = await load(id);
  await show(room, job, new Log(id, job.logs));
  return room;
}

/** @param {import("./api.js").JobItem} job */
const isOver = (job) => !["pending", "running"].includes(job.status);

/** @param {HTMLElement} room @param {import("./api.js").Job} job @param {Log} log */
async function show(room, job, log) {
  const state = h("div", { class: "stack" });
  const result = job.status === "completed" ? await resultOf(job) : null;
  fill(room, h("p", { class: "crumb" }, h("a", { href: "#/seismic/jobs" }, "‹ Jobs")), head(job), isOver(job) ? ending(job) : state, result, log.element);
  if (!isOver(job)) live(room, state, job, log);
}

/** @param {import("./api.js").Job} job */
function head(job) {
  return h("div", { class: "row spread top" }, h("div", { class: "title grow" }, h("h1", {}, TYPES[job.type]),
    h("div", { class: "row" }, stateChip(job.status), h("span", {}, "On ", h("a", { href: `#/seismic/datasets/${job.dataset_id}` }, job.dataset_name)), h("small", {}, `${job.model_name} · ${ago(job.created_at)}${job.started_at && job.completed_at ? ` · took ${duration((new Date(job.completed_at).getTime() - new Date(job.started_at).getTime()) / 1000)}` : ""}`))),
    isOver(job) ? h("a", { class: "button", href: `#/seismic/datasets/${job.dataset_id}/job?like=${job.id}` }, "Again with other settings") : null);
}

/** @param {import("./api.js").Job} job */
function ending(job) {
  if (job.status === "completed") return null;
  return h("div", { class: "card stack", role: "alert" }, h("p", { class: job.status === "failed" ? "problem" : "" }, job.error?.message ?? "The job was cancelled. Nothing was made."),
    h("div", { class: "row" }, h("button", { type: "button", class: "primary", onclick: () => again(job.id) }, icon("retry"), "Try again")));
}

/** @param {string} id */
async function again(id) {
  try {
    const { id: fresh } = await retry(id);
    refresh();
    go(`/seismic/jobs/${fresh}`);
  } catch (error) {
    toastError(error);
  }
}

/** @param {HTMLElement} room @param {HTMLElement} state @param {import("./api.js").Job} job @param {Log} log */
function live(room, state, job, log) {
  const bar = custom("pt-progress", { label: "Progress of the job" });
  const step = h("p", { class: "now", "aria-live": "polite" }, job.status === "pending" ? "Waiting for a free worker" : "Running");
  const numbers = h("small", {});
  const stopButton = h("button", { type: "button", onclick: async () => {
    stopButton.disabled = true;
    await cancel(job.id).then(() => (refresh(), toast("The job is cancelled.", "info"))).catch((error) => (toastError(error), (stopButton.disabled = false)));
  } }, "Cancel");
  fill(state, h("div", { class: "card stack" }, step, bar, h("div", { class: "row spread" }, numbers, stopButton)));

  /** @param {{ status: string, progress: number, message?: string | null, step?: string | null, eta_seconds: number | null }} news */
  function advance(news) {
    if (news.status === "pending") bar.removeAttribute("value");
    else bar.setAttribute("value", String(news.progress));
    step.textContent = news.status === "pending" ? news.message ?? "Waiting for a free worker" : news.message || news.step || "Running";
    numbers.textContent = news.status === "running" ? `${news.progress} %${news.eta_seconds === null ? "" : `, about ${duration(news.eta_seconds)} to go`}` : "";
    const chip = room.querySelector(".title .chip");
    if (chip && news.status !== job.status) chip.replaceWith(stateChip(news.status));
    job = { ...job, status: /** @type {any} */ (news.status), progress: news.progress };
  }

  let ended = false;
  async function end() {
    if (ended) return;
    ended = true;
    stop();
    try {
      const [now, late] = await patiently(() => Promise.all([load(job.id), logs(job.id, log.last ? { since: log.last } : {})]));
      for (const line of late.logs) log.add(line);
      await show(room, now, log);
      refresh();
    } catch (error) {
      toastError(error);
    }
  }

  // Where no line is known yet, those count that are written before the socket listens.
  const stop = follow("job", job.id, (frame) => {
    if (frame.type === "job_log") log.add({ timestamp: frame.timestamp, level: frame.level, message: frame.message ?? "" });
    else if (["completed", "failed", "cancelled"].includes(frame.status)) end();
    else advance(frame);
  }, async () => {
    const now = await load(job.id).catch(() => null);
    if (!now) return;
    for (const line of now.logs) log.add(line);
    if (isOver(now)) end();
    else advance(now);
  }, log.last ?? job.created_at);
  advance(job);
}
