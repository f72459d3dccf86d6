// Keys for those who keep their hands on the keyboard, and a page of running work that shows how it goes.
// Everything works without this file too.
"use strict";

(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const help = one("#help");
  let isGoing = false;

  for (const select of all("[data-submits]")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
  for (const button of all("[data-help]")) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }

  const isTyping = (target) => target.closest("input, select, textarea, dialog") !== null;

  const step = (by) => {
    const links = all("table[data-rows] tbody tr").map((row) => row.querySelector("a")).filter(Boolean);
    if (links.length === 0) return;
    const now = links.indexOf(document.activeElement.closest("tr")?.querySelector("a"));
    const next = now < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(now + by, 0), links.length - 1);
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  };

  const acts = {
    "/": () => (one("[data-search]") ? one("[data-search]").focus() : (window.location.href = "/receivables")),
    "?": () => help?.showModal(),
    "[": () => one('a[rel="prev"]')?.click(),
    "]": () => one('a[rel="next"]')?.click(),
    j: () => step(1),
    k: () => step(-1),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (isGoing) {
      isGoing = false;
      one(`a[data-key="${CSS.escape(event.key)}"]`)?.click();
      return;
    }
    if (event.key === "g") {
      isGoing = true;
      setTimeout(() => (isGoing = false), 1500);
    } else if (Object.hasOwn(acts, event.key)) {
      event.preventDefault();
      acts[event.key]();
    }
  });

  const watch = () => {
    const job = one("#job[data-refresh]");
    if (!job) return;
    setTimeout(async () => {
      const answer = await fetch(window.location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("#job");
      if (answer.ok && fresh) {
        job.replaceWith(fresh);
        watch();
      } else {
        window.location.reload();
      }
    }, Number(job.dataset.refresh));
  };
  watch();
})();
