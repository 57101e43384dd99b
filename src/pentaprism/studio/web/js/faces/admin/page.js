// Administration: health, models, queue, API keys, storage, and for administrators the accounts.

import { h } from "../../dom.js";
import { user } from "../../session.js";
import { styles } from "../../styles.js";
import { errorBox } from "../../toasts.js";
import { health } from "./health.js";
import { keys } from "./keys.js";
import { models } from "./models.js";
import { queues } from "./queues.js";
import { accounts, storage } from "./accounts.js";

/** @type {{ name: string, title: string, build: () => Promise<HTMLElement>, adminOnly?: boolean }[]} */
const PARTS = [
  { name: "health", title: "Health", build: health },
  { name: "models", title: "Models", build: models },
  { name: "queue", title: "Queue", build: queues },
  { name: "keys", title: "API keys", build: keys },
  { name: "storage", title: "Storage", build: storage },
  { name: "users", title: "Accounts", build: accounts, adminOnly: true },
];

/** @param {import("../../router.js").Place} place */
export default async function page(place) {
  await styles("admin");
  const shown = PARTS.filter((part) => !part.adminOnly || user()?.role === "admin");
  const part = shown.find((each) => each.name === place.parts[1]) ?? shown[0];
  const links = shown.map((each) => h("a", { href: `#/admin/${each.name}`, "aria-current": each === part ? "page" : undefined }, each.title));
  const body = await part.build().catch((error) => errorBox(error));
  return h("section", { class: "stack" }, h("h1", {}, "Administration"), h("nav", { class: "tabs", "aria-label": "Parts of the administration" }, links), body);
}
