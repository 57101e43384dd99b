// Whether the installation is well: the gateway's own checks, and each face's view.

import { h } from "../../dom.js";
import { BASE, request } from "../../http.js";

const FACES = [
  ["Cells", "spheroseg", "/api/health"],
  ["Cut-outs", "quarry", "/health/"],
  ["Products", "imagineai", "/ready"],
  ["Seismic", "promethium", "/health/ready"],
  ["Assets", "snapasset", "/api/health"],
];

export async function health() {
  const [whole, ...faces] = await Promise.all([
    fetch(new URL("health", BASE), { cache: "no-store" }).then((answer) => answer.json()),
    ...FACES.map(([, face, path]) => request(face, path, { open: true }).then((body) => ({ ok: true, body }), (error) => ({ ok: false, body: error.body ?? { message: error.message } }))),
  ]);
  const checks = Object.entries(whole.checks).map(([name, check]) => row(name, check.status ?? check, details(check)));
  return h("div", { class: "stack" },
    h("div", { class: "card" }, h("h2", {}, "Installation"), h("p", {}, chip(whole.status), ` Version ${whole.version}`), table(["Part", "State", ""], checks)),
    h("div", { class: "card" }, h("h2", {}, "Faces"), table(["Face", "State", ""], faces.map(({ ok, body }, index) => row(FACES[index][0], ok ? "ok" : "failed", body.engine ? `Engine ${body.engine}` : describe(body))))));
}

/** @param {string} status */
function chip(status) {
  const good = ["ok", "healthy", "ready", "alive", "up"].includes(String(status).toLowerCase());
  return h("span", { class: `chip ${good ? "good" : "bad"}` }, status);
}

/** @param {string} name @param {string} status @param {string} text */
const row = (name, status, text) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, chip(status)), h("td", {}, text));

/** @param {string[]} heads @param {HTMLElement[]} rows */
export function table(heads, rows) {
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, rows)));
}

/** @param {any} check */
function details(check) {
  const rest = Object.entries(check.details ?? check).filter(([name, value]) => !["status", "critical"].includes(name) && typeof value !== "object");
  return rest.map(([name, value]) => `${name} ${value}`).join(", ");
}

/** @param {any} body */
function describe(body) {
  const checks = body.checks ?? body.details ?? body.services ?? {};
  return Object.entries(checks).filter(([, value]) => typeof value !== "object").map(([name, value]) => `${name} ${value}`).join(", ") || body.message || "";
}
