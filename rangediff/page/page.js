"use strict";
(() => {
  const $ = id => document.getElementById(id);
  const folds = [...document.querySelectorAll("details.pair")];
  const sections = [...document.querySelectorAll("main section")];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // A page that was opened from a file may have no storage.
  const recall = key => { try { return localStorage.getItem("kprep-" + key); } catch { return null; } };
  const keep = (key, value) => { try { localStorage.setItem("kprep-" + key, value); } catch { /* as before */ } };

  for (const input of document.querySelectorAll(".tools input")) {
    if (recall(input.name) === input.id) input.checked = true;
    input.addEventListener("change", () => keep(input.name, input.id));
  }
  const choose = id => { $(id).checked = true; keep($(id).name, id); };

  const all = $("all");
  const label = () => {
    const open = folds.length > 0 && folds.every(fold => fold.open);
    all.textContent = open ? "Fold all" : "Unfold all";
    all.setAttribute("aria-pressed", open);
  };
  const foldAll = () => {
    const open = !folds.every(fold => fold.open);
    for (const fold of folds) fold.open = open;
  };
  for (const fold of folds) fold.addEventListener("toggle", label);
  all.addEventListener("click", foldAll);
  label();

  // Not every browser unfolds what a link leads into.
  const reveal = () => {
    const target = location.hash && $(location.hash.slice(1));
    const fold = target && target.closest("details");
    if (fold && !fold.open) {
      fold.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", reveal);
  reveal();

  const help = $("help");
  const showHelp = () => { if (!help.open) help.showModal(); };
  $("keys").addEventListener("click", showHelp);
  document.querySelector(".scripted").hidden = false;

  const show = (element, target) => {
    target.focus({ preventScroll: true });
    element.scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
  };
  // The fold that has the focus, or the first one in sight, is where we are.
  const current = () => folds.findIndex(fold => fold.contains(document.activeElement));
  const step = by => {
    let at = current();
    if (at < 0) {
      at = folds.findIndex(fold => fold.getBoundingClientRect().top > 0);
      if (at < 0) at = folds.length;
      if (by > 0) at--;
    }
    const next = folds[Math.min(Math.max(at + by, 0), folds.length - 1)];
    if (next) show(next, next.querySelector("summary"));
  };
  const section = by => {
    let at = sections.findIndex(one => one.contains(document.activeElement));
    if (at < 0) at = by > 0 ? -1 : sections.length;
    const next = sections[Math.min(Math.max(at + by, 0), sections.length - 1)];
    if (!next) return;
    const title = next.querySelector("h2");
    title.tabIndex = -1;
    show(title, title);
  };
  const themes = ["auto", "light", "dark"];

  const keys = {
    j: () => step(1), k: () => step(-1),
    n: () => section(1), p: () => section(-1),
    o: () => { const fold = folds[current()]; if (fold) fold.open = !fold.open; },
    a: foldAll,
    u: () => choose("unified"), s: () => choose("split"),
    t: () => choose(themes[(themes.findIndex(id => $(id).checked) + 1) % themes.length]),
    "?": showHelp,
  };
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || help.open) return;
    if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });
})();
