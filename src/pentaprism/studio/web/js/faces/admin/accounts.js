// Who has an account, and how much room the own things take.

import { h } from "../../dom.js";
import { ago, bytes, number } from "../../format.js";
import { request } from "../../http.js";
import { table } from "./health.js";

export async function accounts() {
  const found = await request("spheroseg", "/api/admin/users", { query: { limit: 100 } });
  const rows = found.users.map((/** @type {any} */ each) => h("tr", {}, h("th", { scope: "row" }, each.email ?? "–"), h("td", {}, each.name ?? "–"), h("td", {}, each.role), h("td", {}, ago(each.createdAt ?? each.created_at))));
  return h("div", { class: "card stack" }, h("h2", {}, "Accounts"), table(["E-mail", "Name", "Role", "Since"], rows),
    h("small", {}, "Roles are changed and accounts are disabled with `pentaprism user` on the server."));
}

export async function storage() {
  const [cells, seismic] = await Promise.all([request("spheroseg", "/api/users/me/statistics"), request("promethium", "/api/v1/auth/me")]);
  const used = seismic.storage;
  return h("div", { class: "card stack" }, h("h2", {}, "Your storage"),
    meter("Cells", Number(cells.storageUsedBytes), Number(cells.storageLimitBytes)),
    meter("Seismic", used.used_bytes, used.quota_bytes, `${number(used.datasets)} datasets`));
}

/** @param {string} title @param {number} used @param {number | undefined} limit @param {string} [more] */
function meter(title, used, limit, more = "") {
  return h("div", {}, h("div", { class: "row spread" }, h("b", {}, title), h("span", {}, `${bytes(used)}${limit ? ` of ${bytes(limit)}` : ""} ${more}`)),
    limit ? h("meter", { min: "0", max: String(limit), value: String(used), high: limit * 0.85, "aria-label": `${title}: room used` }) : null);
}
