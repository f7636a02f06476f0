"use strict";
(() => {
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(button.dataset.copy); } catch { return; }
      const label = button.firstChild, before = label.data;
      label.data = "Copied";
      setTimeout(() => { label.data = before; }, 1500);
    });
  }

  // A choice of how differences are shown is kept while the browser runs.
  for (const input of document.querySelectorAll(".view input")) {
    try {
      if (sessionStorage.getItem("kprep-view") === input.id) input.checked = true;
      input.addEventListener("change", () => sessionStorage.setItem("kprep-view", input.id));
    } catch { /* a page in a file may have no storage */ }
  }

  // What a link leads into is unfolded.
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // What sends have become is looked at again: often while one is under way, and now
  // and then in case that one begins.
  const pause = page => page.querySelector("main[data-follow]") ? 1000 : 5000;
  const follow = async next => {
    if (document.hidden) {
      setTimeout(follow, next, next);
      return;
    }
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.getElementById("live"), before = document.getElementById("live");
      if (now.innerHTML !== before.innerHTML) update(before, now);
      document.getElementById("lost").hidden = true;
      next = pause(page);
    } catch {
      document.getElementById("lost").hidden = false;
    }
    setTimeout(follow, next, next);
  };
  // Only what differs is put in the place of what was there: the focus stays, and what
  // is read aloud is what is new.
  const update = (before, now) => {
    if (before.isEqualNode(now)) return;
    const sameShape = before.nodeName === now.nodeName && before.childNodes.length === now.childNodes.length && before.nodeType === Node.ELEMENT_NODE;
    if (!sameShape) {
      before.replaceWith(document.importNode(now, true));
      return;
    }
    for (const name of before.getAttributeNames()) if (!now.hasAttribute(name)) before.removeAttribute(name);
    for (const name of now.getAttributeNames()) if (before.getAttribute(name) !== now.getAttribute(name)) before.setAttribute(name, now.getAttribute(name));
    const theirs = [...now.childNodes];
    [...before.childNodes].forEach((child, n) => update(child, theirs[n]));
  };
  if (document.getElementById("live")) setTimeout(follow, pause(document), pause(document));

  // j and k go through what is on the page, n and p to the next and previous patch.
  const stops = () => [...document.querySelectorAll(".cards h3 a, .patches h3 a, details.file > summary, details.pair > summary, .reply, .thread a")];
  const step = by => {
    const all = stops(), at = all.findIndex(one => one.contains(document.activeElement));
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    if (!next) return;
    if (next.tabIndex < 0) next.tabIndex = -1;
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const go = rel => { const link = document.querySelector(`a[rel=${rel}]`); if (link) link.click(); };
  const keys = { j: () => step(1), k: () => step(-1), n: () => go("next"), p: () => go("prev"), u: () => go("up") };
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.target.closest("input, select, textarea")) return;
    if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });
})();
