// Keys for pages that work without them: each key follows a link that is on the page.
"use strict";
(() => {
  const keys = { j: "next", k: "previous", d: "diff", f: "flag", u: "back" };
  const rows = () => [...document.querySelectorAll("#flips tbody a")];
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
    if (all[to]) { all[to].focus(); return true; }
    return false;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape" && typing) { event.target.blur(); return; }
    if (typing) return;
    if (event.key === "/") {
      const field = document.getElementById("q");
      if (field) { event.preventDefault(); field.focus(); }
      return;
    }
    if ((event.key === "j" || event.key === "k") && step(event.key === "j" ? 1 : -1)) {
      event.preventDefault();
      return;
    }
    const name = Object.hasOwn(keys, event.key) ? keys[event.key] : "";
    const link = name && document.querySelector(`a[data-key="${name}"]`);
    if (link) { event.preventDefault(); link.click(); }
  });
})();
