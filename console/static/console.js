// Follows what goes on (server-sent events) and keeps the page's parts as the server draws them.
"use strict";

(() => {
  const live = document.querySelector("[data-events]");
  if (!live) return;

  const banner = document.getElementById("banner");
  const cards = document.getElementById("cards");
  const drawn = new Map(); // what each part shows now, as the server sent it
  const AGAIN_MS = 2000;

  const warn = (html, asText) => {
    banner.hidden = !html;
    if (asText) banner.textContent = html;
    else banner.innerHTML = html; // drawn and escaped by the server's templates
    live.classList.toggle("stale", Boolean(html));
  };

  const draw = (element, key, html) => {
    if (drawn.get(key) === html) return;
    drawn.set(key, html);
    const focused = element.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    element.innerHTML = html;
    if (focused) element.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  };

  const drawCards = (sent) => {
    const wanted = new Set(sent.map(([id]) => id));
    for (const slot of [...cards.children]) {
      if (wanted.has(slot.dataset.key)) continue;
      drawn.delete("card " + slot.dataset.key);
      slot.remove();
    }
    const there = new Map([...cards.children].map((slot) => [slot.dataset.key, slot]));
    for (const [id, html] of sent) {
      let slot = there.get(id);
      if (!slot) {
        slot = document.createElement("div");
        slot.className = "slot new";
        slot.dataset.key = id;
        cards.append(slot);
      }
      draw(slot, "card " + id, html);
    }
    tick();
  };

  const tick = () => {
    for (const element of document.querySelectorAll("[data-since]")) {
      const seconds = Math.max(0, Math.floor(Date.now() / 1000 - Number(element.dataset.since)));
      const text = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
      if (element.textContent !== text) element.textContent = text;
    }
  };

  let events = null;

  const stop = (state) => {
    events?.close();
    events = null;
    live.dataset.state = state;
  };

  const follow = () => {
    if (events || document.hidden) return;
    const mine = new EventSource(live.dataset.events);
    events = mine;
    events.addEventListener("state", (event) => {
      const state = JSON.parse(event.data);
      drawCards(state.cards);
      for (const [name, html] of Object.entries(state.parts)) draw(document.getElementById(name), name, html);
      warn("");
      live.dataset.state = "following";
    });
    events.addEventListener("away", (event) => {
      warn(JSON.parse(event.data).banner);
      live.dataset.state = "away";
    });
    events.addEventListener("over", () => location.reload());
    events.addEventListener("crowded", () => {
      warn(banner.dataset.crowded, true);
      stop("crowded"); // not to come again by itself: it would crowd out another in turn
    });
    events.addEventListener("error", () => {
      if (events !== mine) return;
      if (live.dataset.state !== "away") warn(banner.dataset.lost, true);
      live.dataset.state = "lost";
      if (mine.readyState !== EventSource.CLOSED) return; // it tries again by itself
      stop("lost");
      // The server refused: loading the page anew says why, once there is a server.
      fetch("/healthz").then(() => location.reload(), () => setTimeout(follow, AGAIN_MS));
    });
  };

  // A page that nobody sees needs no connection: browsers have six for all pages of a server, and operators many tabs.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop("hidden");
    else follow();
  });

  setInterval(tick, 1000);
  tick();
  follow();
})();
