// How full the queues are, and the switch that holds the picture queue.

import { h } from "../../dom.js";
import { number } from "../../format.js";
import { request } from "../../http.js";
import { ask } from "../../elements/dialog.js";
import { user } from "../../session.js";
import { toast, toastError } from "../../toasts.js";

export async function queues() {
  const [stats, state] = await Promise.all([request("snapasset", "/api/queue/stats"), request("snapasset", "/api/health", { open: true })]);
  const counts = ["waiting", "active", "delayed", "completed", "failed"].map((name) => h("div", { class: "figure" }, h("b", {}, number(stats[name])), h("span", {}, name)));
  const paused = state.queue?.paused;
  const box = h("div", { class: "card stack" }, h("h2", {}, "Picture queue"), h("div", { class: "figures" }, counts),
    h("p", {}, paused ? "The queue is paused: new jobs wait." : `The queue is open; ${state.queue?.workers ?? 0} workers.`),
    user()?.role === "admin" ? h("div", { class: "row" },
      h("button", { type: "button", onclick: () => turn(paused ? "resume" : "pause") }, paused ? "Resume" : "Pause"),
      h("button", { type: "button", onclick: clean }, "Remove old completed jobs")) : h("small", {}, "Administrators can pause the queue."));
  /** @param {string} way */
  async function turn(way) {
    await run(() => request("snapasset", `/api/queue/${way}`, { method: "POST" }));
  }
  async function clean() {
    if (await ask("Remove completed jobs older than a day?", { detail: "Their pictures go too.", confirm: "Remove", danger: true })) {
      await run(() => request("snapasset", "/api/queue/clean", { json: {} }));
    }
  }
  /** @param {() => Promise<any>} work */
  async function run(work) {
    try {
      toast((await work()).message, "success");
      box.replaceWith(await queues());
    } catch (error) {
      toastError(error);
    }
  }
  return box;
}
