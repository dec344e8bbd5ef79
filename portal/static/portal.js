// Small helpers; every page works without them: the rules beside a new password, and the warning before a login ends.
"use strict";

(() => {
  // The rules beside a field for a new password: each shows whether what is typed so far keeps it.
  const hasRun = (text, step) => {
    let run = 1;
    for (let place = 1; place < text.length; place += 1) {
      run = text.charCodeAt(place) - text.charCodeAt(place - 1) === step ? run + 1 : 1;
      if (run > 3) return true;
    }
    return false;
  };
  const RULES = {
    LENGTH: (text) => text.length >= 8 && text.length <= 12,
    CHARACTERS: (text) => /^[A-Za-z0-9]+$/.test(text),
    DIGITS_ALONE: (text) => !/^[0-9]+$/.test(text),
    LETTERS_AND_DIGITS: (text) => /[A-Za-z]/.test(text) && /[0-9]/.test(text),
    CAPITALS_ALONE: (text) => !/^[A-Z]+$/.test(text),
    SMALL_LETTERS_ALONE: (text) => !/^[a-z]+$/.test(text),
    EQUAL_RUN: (text) => !hasRun(text, 0),
    STEADY_RUN: (text) => !hasRun(text, 1) && !hasRun(text, -1),
    HAS_NUMBER: (text, number) => !number || !text.includes(number),
  };
  for (const list of document.querySelectorAll("[data-rules-for]")) {
    const field = document.getElementById(list.dataset.rulesFor);
    const show = () => {
      for (const rule of list.children) {
        const keeps = RULES[rule.dataset.rule];
        if (!keeps || !field.value) rule.removeAttribute("data-met");
        else rule.dataset.met = keeps(field.value, list.dataset.number) ? "yes" : "no";
      }
    };
    field.addEventListener("input", show);
    show();
  }

  // A form is sent once, however often its button is pressed.
  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // Counts down to the end of something: its element says how many seconds are left.
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  for (const element of document.querySelectorAll("[data-ends-in]")) {
    const end = performance.now() + Number(element.dataset.endsIn) * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      element.textContent = clock(left);
      if (left > 0) setTimeout(tick, 1000);
      else element.closest("[data-over]")?.setAttribute("data-over", "yes");
    };
    tick();
  }

  // Whoever could not log in may be on the phone now: say so as soon as a temporary password is set.
  const waits = document.querySelector("[data-waits]");
  if (waits) {
    const ASK_MS = 5000;
    const giveUp = performance.now() + 10 * 60_000;
    const ask = async () => {
      try {
        if (!document.hidden && (await (await fetch(waits.dataset.waits)).json()).set) {
          location.assign("/login");
          return;
        }
      } catch {
        // no connection just now
      }
      if (performance.now() < giveUp) setTimeout(ask, ASK_MS);
    };
    setTimeout(ask, ASK_MS);
  }

  // The login ends when it has not been used for a while: warn before, extend at a button, and say it when it is over.
  const until = document.querySelector("[data-left]");
  const warning = document.querySelector(".warn");
  if (!until || !warning) return;
  const WARN_S = Number(until.dataset.warn);
  const LOOK_MS = 60_000;
  let end = 0;
  const left = () => Math.max(0, Math.ceil((end - performance.now()) / 1000));
  const lasts = (seconds) => {
    end = performance.now() + seconds * 1000;
  };
  lasts(Number(until.dataset.left));

  // Another page of this browser may have been used, or the login may have ended elsewhere: ask, which is no use of it.
  const look = async () => {
    try {
      const answer = await fetch("/session", { headers: { accept: "application/json" }, redirect: "manual" });
      if (!answer.ok) location.reload();
      else lasts((await answer.json()).left_s);
    } catch {
      // no connection just now: the count goes on
    }
  };
  const countdown = warning.querySelector("[data-countdown]");
  let asked = performance.now();
  const tick = async () => {
    const seconds = left();
    const due = performance.now() - asked > LOOK_MS || (warning.hidden && seconds <= WARN_S) || seconds === 0;
    if (due && !document.hidden) {
      asked = performance.now();
      await look();
    }
    const near = left() <= WARN_S;
    if (near && warning.hidden) document.title = `(!) ${document.title}`;
    if (!near && !warning.hidden) document.title = document.title.replace(/^\(!\) /, "");
    warning.hidden = !near;
    if (near) countdown.textContent = clock(left());
    setTimeout(tick, 1000);
  };
  warning.querySelector("button").addEventListener("click", async () => {
    const answer = await fetch("/stay", { method: "POST", body: new URLSearchParams(new FormData(until)), redirect: "manual" });
    if (answer.type !== "opaqueredirect") location.reload();
    await look();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
  });
  tick();
})();
