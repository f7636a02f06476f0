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
})();
