// Keys for pages that work without them: "/" finds the search, a letter follows the link that names it, and a button copies the text before it.
"use strict";
(() => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape" && typing) { event.target.blur(); return; }
    if (typing) return;
    if (event.key === "/") {
      const field = document.querySelector("input[type=search]");
      if (field) { event.preventDefault(); field.focus(); }
      return;
    }
    if (event.key === "j" || event.key === "k") {
      const all = [...document.querySelectorAll("[data-rows] tbody tr")]
        .map((row) => row.querySelector("a"))
        .filter(Boolean);
      const at = all.indexOf(document.activeElement);
      const by = event.key === "j" ? 1 : -1;
      const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
      if (all[to]) { event.preventDefault(); all[to].focus(); return; }
    }
    if (!/^[a-z]$/.test(event.key)) return;
    const field = document.querySelector(`[data-focus="${event.key}"]`);
    if (field) { event.preventDefault(); field.focus(); return; }
    const link = document.querySelector(`:is(a, button)[data-key="${event.key}"]`);
    if (link) { event.preventDefault(); link.click(); }
  });
  document.documentElement.classList.add("scripted");
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const shown = button.previousElementSibling;
    getSelection().selectAllChildren(shown);
    navigator.clipboard?.writeText(shown.textContent).then(() => { button.textContent = "Copied"; }, () => {});
  });
})();
