// Shows new mails as they come: asks each second how many there are, and fetches the list when that has changed.
"use strict";

const EVERY_MS = 1000;

async function look() {
  const shown = document.getElementById("mails");
  try {
    const { came } = await (await fetch("/came.json")).json();
    if (String(came) === shown.dataset.came) return;
    const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
    const fresh = page.getElementById("mails");
    const added = Number(fresh.dataset.came) - Number(shown.dataset.came);
    [...fresh.querySelectorAll(".mails > li")].slice(0, Math.max(added, 0)).forEach((mail) => mail.classList.add("new"));
    shown.replaceChildren(...fresh.childNodes);
    shown.dataset.came = fresh.dataset.came;
  } catch {
    // It was stopped, and may be started again: the next look will show.
  }
}

setInterval(() => { if (!document.hidden) look(); }, EVERY_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
