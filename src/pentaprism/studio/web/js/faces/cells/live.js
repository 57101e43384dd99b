// What happens to one's images, at once: a small client of the face's Socket.IO (Engine.IO 4 over a WebSocket). While the socket is
// away, the listeners are called every second without news, so that pages look for themselves.

import { socketUrl } from "../../http.js";
import { freshToken, user } from "../../session.js";

/** @typedef {{ event: string, data: any }} News  `event` is "look" when there is no socket */

const OPEN = "0";
const PING = "2";
const PONG = "3";
const CONNECT = "40";
const EVENT = "42";
const LOOK_MS = 1_000;
const LONGEST_MS = 30_000;

/** @type {Set<(news: News) => void>} */
const listeners = new Set();
/** @type {WebSocket | null} */
let socket = null;
let wait = LOOK_MS;
let admitted = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let again;
/** @type {ReturnType<typeof setInterval> | undefined} */
let looking;

/** Be told. Returns a function that ends it. @param {(news: News) => void} listener */
export function follow(listener) {
  listeners.add(listener);
  if (listeners.size === 1) start();
  return () => {
    listeners.delete(listener);
    if (!listeners.size) stop();
  };
}

function start() {
  looking = setInterval(() => admitted || document.hidden || tell({ event: "look", data: null }), LOOK_MS);
  connect().catch(retry);
}

function stop() {
  clearTimeout(again);
  clearInterval(looking);
  socket?.close();
  socket = null;
  admitted = false;
}

async function connect() {
  const token = await freshToken();
  if (!token || !listeners.size) return;
  const address = socketUrl("spheroseg", "/socket.io/");
  address.search = "EIO=4&transport=websocket";
  const opened = new WebSocket(address);
  socket = opened;
  opened.onmessage = ({ data }) => {
    if (data.startsWith(OPEN)) opened.send(CONNECT + JSON.stringify({ token }));
    else if (data === PING) opened.send(PONG);
    else if (data.startsWith(EVENT)) heard(JSON.parse(data.slice(EVENT.length)));
  };
  opened.onclose = () => {
    if (socket === opened) retry();
  };
}

/** @param {[string, any]} message */
function heard([event, data]) {
  if (event === "authenticated") {
    // Whatever happened while nobody listened is looked up.
    if (!admitted) tell({ event: "look", data: null });
    admitted = true;
    wait = LOOK_MS;
  } else if (event === "authentication_error") {
    socket?.close();
  } else tell({ event, data });
}

function retry() {
  socket = null;
  admitted = false;
  if (!listeners.size || !user()) return;
  clearTimeout(again);
  again = setTimeout(() => connect().catch(retry), wait);
  wait = Math.min(2 * wait, LONGEST_MS);
}

/** @param {News} news */
function tell(news) {
  for (const listener of listeners) listener(news);
}
