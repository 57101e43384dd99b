// The frame around all pages: navigation, who is signed in, the queue, the light that tells whether the server is there.

import { fill, h, icon } from "./dom.js";
import { ApiError, AWAY } from "./faults.js";
import { BASE } from "./http.js";
import { place } from "./router.js";
import { SECTIONS } from "./sections.js";
import { logOut, onSession, user } from "./session.js";
import { toastError, errorBox } from "./toasts.js";
import "./elements/progress-bar.js";
import "./elements/queue-drawer.js";
import { addAdapter, isOver, jobs, onJobs, watch } from "./queue.js";

const THEME = "pentaprism.theme";
const LIGHT_MS = 15_000;

class App extends HTMLElement {
  #main = h("main", { id: "content", tabIndex: -1 });
  #links = new Map(SECTIONS.map((section) => [section.name, h("a", { href: `#/${section.name}` }, icon(section.icon), h("span", {}, section.title))]));
  #light = h("span", { class: "light", role: "img", "aria-label": "Connecting", title: "Connecting" });
  #badge = h("span", { class: "badge", hidden: true });
  #drawer = /** @type {HTMLElement & { open: boolean }} */ (document.createElement("pt-queue"));
  #visit = 0;
  /** @type {string | null} */
  #who = null;
  /** Who was signed in last since the page was loaded. @type {string | null} */
  #last = null;

  connectedCallback() {
    setTheme(localStorage.getItem(THEME));
    addEventListener("hashchange", () => this.route());
    onSession((session) => {
      // A renewed token of the same person changes nothing on the page.
      if ((session?.user.id ?? null) !== this.#who) this.signed();
    });
    onJobs((list) => this.count(list));
    this.signed();
    this.ping();
    setInterval(() => this.ping(), LIGHT_MS);
    addEventListener("online", () => this.ping());
    addEventListener("offline", () => this.shine("off", "Offline"));
  }

  async signed() {
    const who = user();
    this.#who = who?.id ?? null;
    // What the sections remember belongs to whoever was signed in before.
    if (who && this.#last && this.#last !== who.id) return location.reload();
    this.#last = who?.id ?? this.#last;
    this.classList.toggle("signed", Boolean(who));
    fill(this, h("a", { href: "#content", class: "skip", onclick: (/** @type {Event} */ event) => (event.preventDefault(), this.#main.focus()) }, "Skip to content"),
      this.header(who), this.#main, who ? this.#drawer : null);
    if (who) {
      for (const section of SECTIONS) section.jobs?.().then(({ adapter }) => addAdapter(adapter)).catch(toastError);
    }
    watch(Boolean(who));
    this.route();
  }

  /** @param {ReturnType<typeof user>} who */
  header(who) {
    return h("header", { class: "bar" },
      h("a", { href: "#/", class: "brand" }, h("img", { src: "studio/icon.svg", alt: "", width: 24, height: 24 }), h("b", {}, "Pentaprism")),
      who ? h("nav", { "aria-label": "Sections" }, [...this.#links.values()]) : null,
      h("div", { class: "tools" }, this.#light,
        h("button", { type: "button", class: "plain", "aria-label": "Dark or light", title: "Dark or light", onclick: toggleTheme }, icon("moon")),
        who ? h("button", { type: "button", class: "plain queue-button", "aria-label": "Queue", title: "Queue", onclick: () => (this.#drawer.open = !this.#drawer.open) }, icon("queue"), this.#badge) : null,
        who ? h("button", { type: "button", class: "plain", title: who.email, onclick: logOut }, "Log out") : null));
  }

  async route() {
    const visit = ++this.#visit;
    const where = place();
    const section = SECTIONS.find((each) => each.name === where.parts[0]);
    for (const [name, link] of this.#links) {
      if (name === where.parts[0]) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${section?.title ?? "Pentaprism"} – Pentaprism Studio`;
    const load = !user() ? import("./pages/sign-in.js") : section ? section.page() : import("./pages/home.js");
    /** @type {() => void} */
    let again = () => void this.route();
    this.#main.setAttribute("aria-busy", "true");
    try {
      const module = await load.catch((error) => {
        console.error(error);
        // A browser does not fetch a module again that it failed to fetch once.
        again = () => location.reload();
        throw new ApiError(AWAY);
      });
      const page = await module.default(where);
      if (visit === this.#visit) fill(this.#main, page);
    } catch (error) {
      if (visit === this.#visit) fill(this.#main, errorBox(error, again));
    } finally {
      this.#main.removeAttribute("aria-busy");
    }
  }

  /** @param {import("./queue.js").QueuedJob[]} list */
  count(list) {
    const open = list.filter((job) => !isOver(job)).length;
    this.#badge.hidden = open === 0;
    this.#badge.textContent = String(open);
  }

  async ping() {
    try {
      const answer = await fetch(new URL("health/live", BASE), { cache: "no-store" });
      this.shine(answer.ok ? "on" : "off", answer.ok ? "Connected" : `The server answers ${answer.status}`);
    } catch {
      this.shine("off", "The server cannot be reached");
    }
  }

  /** @param {"on" | "off"} state @param {string} text */
  shine(state, text) {
    this.#light.dataset.state = state;
    this.#light.setAttribute("aria-label", text);
    this.#light.title = text;
  }
}

/** @param {string | null} theme */
function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

function toggleTheme() {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  localStorage.setItem(THEME, dark ? "light" : "dark");
  setTheme(dark ? "light" : "dark");
}

customElements.define("pt-app", App);
addEventListener("unhandledrejection", (event) => toastError(event.reason));
addEventListener("beforeunload", (event) => {
  if (jobs().some((job) => job.face.endsWith("upload") && !isOver(job))) event.preventDefault();
});
