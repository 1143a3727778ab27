// The rater's page. The server holds the state; this shows it and sends acts.
// Every act has an id of its own and is sent again until the server answers: it is done once.

const find = (id) => document.getElementById(id);
const sections = ["intro", "cover", "item", "end"];
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

let desk = null; // what the server said last
let busy = false; // an act is on its way
let begun = false;
let uncovered = 0; // the marked task that the rater chose to see
let singleKeys = true;
let shownAt = 0;
let watched = 0; // milliseconds before the page was hidden
let draftTimer = 0;
let prefix = ""; // the first of two keys

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

function say(text) {
  find("said").textContent = text;
}

function warn(text) {
  const alert = find("alert");
  alert.hidden = !text;
  if (alert.textContent !== text) alert.textContent = text;
}

async function ask(address, options) {
  for (let pause = 250; ; pause = Math.min(2 * pause, 4000)) {
    try {
      const answer = await fetch(address, { credentials: "same-origin", ...options });
      if (answer.status < 500) {
        warn("");
        return [answer.status, await answer.json()];
      }
    } catch {
      // no answer, or half of one: try again
    }
    warn("No answer from the server. Nothing is lost: trying again…");
    await wait(pause);
  }
}

function post(body) {
  return ask("/rate/act", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-form-token": document.body.dataset.formToken,
    },
    body: JSON.stringify(body),
  });
}

async function load() {
  const [status, given] = await ask("/rate.json");
  if (status === 200) show(given);
  else warn(given.error);
}

async function act(body, words) {
  if (busy) return;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  clearTimeout(draftTimer);
  try {
    const [status, given] = await post({ ...body, request: newId(), seen: desk.seen });
    if (status === 200) {
      show(given, words);
    } else if (status === 409) {
      await load();
      warn("You have gone on in another window. This page now shows where you are.");
    } else {
      warn(given.error + (given.hint ? ": " + given.hint : ""));
    }
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

function part(one) {
  const section = document.createElement("section");
  section.className = "part";
  const heading = document.createElement("h2");
  heading.textContent = one.name;
  const text = document.createElement("pre");
  text.textContent = one.text;
  text.dir = "auto";
  section.append(heading, text);
  return section;
}

function show(given, words = "") {
  desk = given;
  const task = desk.task;
  const over = desk.done + desk.left_out;
  find("progress").max = desk.total;
  find("progress").value = over;
  find("count").textContent = `${over} of ${desk.total} done`;
  const marked = task && task.harm && uncovered !== task.number;
  const page = !task ? "end" : !begun && desk.done === 0 ? "intro" : marked ? "cover" : "item";
  for (const id of sections) find(id).hidden = id !== page;
  find("controls").hidden = page === "intro" || page === "cover";
  find("anchors").hidden = find("skip").hidden = find("comment-open").hidden = page !== "item";
  find("undo").disabled = !desk.can_undo;
  find("undo").hidden = page !== "item" && page !== "end";
  if (page === "item") fill(task);
  else find("comment-box").hidden = true;
  if (page === "cover") find("harm").textContent = task.harm;
  if (page === "end") fillEnd();
  document.title = page === "item" ? `Item ${task.number} of ${desk.total}` : "Rating";
  window.scrollTo(0, 0);
  find(page).focus({ preventScroll: true });
  const where = page === "item" ? `Item ${task.number} of ${desk.total}.` : "";
  say([words, where].filter(Boolean).join(" "));
}

function fill(task) {
  const texts = find("texts");
  const sides = document.createElement("div");
  sides.className = "sides " + (task.sides.length === 2 ? "two" : "one");
  sides.append(...task.sides.map(part));
  texts.replaceChildren(...task.shown.map(part), sides);
  narrow("");
  find("comment").value = task.draft;
  openComment(task.draft !== "");
  find("kept").textContent = "";
  shownAt = performance.now();
  watched = 0;
}

function fillEnd() {
  const rated = desk.done - desk.skipped;
  find("end-text").textContent =
    `${rated} rated, ${desk.skipped} skipped, ${desk.left_out} left out. ` +
    (desk.closed ? "The batch is closed." : "You may close this page.");
  find("refused").hidden = desk.closed || desk.refused.length === 0;
  find("refused-names").textContent = desk.refused.join(", ");
}

function openComment(open) {
  find("comment-box").hidden = !open;
  find("comment-open").setAttribute("aria-expanded", String(open));
}

function onItem() {
  return desk && desk.task && !find("item").hidden;
}

function about() {
  const seconds = (watched + (document.hidden ? 0 : performance.now() - shownAt)) / 1000;
  return { task: desk.task.number, comment: find("comment").value, seconds };
}

function rate(button) {
  if (!onItem()) return;
  const label = button.querySelector(".face").lastChild.textContent.trim();
  act({ act: "rate", value: Number(button.dataset.value), ...about() }, `${label}: kept.`);
}

function skip(reason) {
  find("skip-dialog").close();
  if (desk.task) act({ act: "skip", reason, ...about() }, "Skipped.");
}

function undo() {
  if (desk && desk.can_undo) act({ act: "undo" }, "Taken back.");
}

async function keepDraft() {
  if (!onItem() || busy) return;
  const comment = find("comment").value;
  const [status] = await post({ act: "draft", task: desk.task.number, comment });
  if (find("comment").value === comment) {
    find("kept").textContent = status === 200 ? "Kept." : "Not kept.";
  }
}

// Show the ratings whose keys begin so; all of them for an empty text.
function narrow(to) {
  prefix = to;
  const all = Array.from(document.querySelectorAll(".anchor"));
  for (const button of all) button.hidden = !button.dataset.key.startsWith(to);
  find("anchors").scrollTop = 0;
  if (to) say(`${all.filter((b) => !b.hidden).length} begin with ${to}. Escape shows all.`);
}

// Whether the key is the first of two, or belongs to the second that is waited for.
function isHalf(key) {
  if (!onItem()) return false;
  if (prefix && (key === "Escape" || key === "Backspace")) {
    narrow("");
    return true;
  }
  const begin = Array.from(document.querySelectorAll(".anchor"))
    .map((button) => button.dataset.key)
    .filter((keys) => keys.startsWith(prefix + key));
  if (begin.length && begin[0].length > prefix.length + 1) {
    narrow(prefix + key);
    return true;
  }
  return false;
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || busy) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.target.id === "comment") {
    if (key === "Escape") {
      find("item").focus();
      event.preventDefault();
    }
    return;
  }
  const dialog = document.querySelector("dialog[open]");
  if (!singleKeys && !dialog) return;
  if (!dialog && isHalf(key)) {
    event.preventDefault();
    return;
  }
  const within = dialog || document;
  const buttons = Array.from(within.querySelectorAll("button[data-key]"));
  const wanted = buttons.find(
    (b) =>
      (b.dataset.key === (dialog ? key : prefix + key) || b.dataset.arrow === key) &&
      b.checkVisibility() &&
      !b.disabled,
  );
  if (wanted) {
    event.preventDefault();
    wanted.click();
  } else if (key === "?" && !dialog) {
    event.preventDefault();
    find("guide").showModal();
  }
}

document.addEventListener("keydown", press);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    watched += performance.now() - shownAt;
    keepDraft();
  } else {
    shownAt = performance.now();
  }
});
for (const button of document.querySelectorAll(".anchor")) {
  button.addEventListener("click", () => rate(button));
}
for (const button of document.querySelectorAll(".reason")) {
  button.addEventListener("click", () => skip(button.dataset.reason));
}
for (const button of document.querySelectorAll("dialog .close")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("close", () => {
    if (desk) find(sections.find((id) => !find(id).hidden)).focus({ preventScroll: true });
  });
}
find("undo").addEventListener("click", undo);
find("skip").addEventListener("click", () => find("skip-dialog").showModal());
find("guide-open").addEventListener("click", () => find("guide").showModal());
find("comment-open").addEventListener("click", () => {
  openComment(true);
  find("comment").focus();
});
find("comment").addEventListener("input", () => {
  find("kept").textContent = "";
  clearTimeout(draftTimer);
  draftTimer = setTimeout(keepDraft, 200);
});
find("begin").addEventListener("click", () => {
  begun = true;
  show(desk);
});
find("cover-show").addEventListener("click", () => {
  uncovered = desk.task.number;
  show(desk);
});
find("cover-skip").addEventListener("click", () => {
  const { number } = desk.task;
  const reason = document.querySelectorAll(".reason")[2].dataset.reason;
  act({ act: "skip", task: number, reason, comment: "", seconds: null }, "Skipped.");
});
find("cover-refuse").addEventListener("click", () => {
  act({ act: "refuse", category: desk.task.harm }, "Left out.");
});
find("allow").addEventListener("click", () => {
  act({ act: "allow", category: desk.refused[0] }, "They will be shown.");
});
find("keys").addEventListener("click", () => {
  singleKeys = !singleKeys;
  find("keys").setAttribute("aria-pressed", String(singleKeys));
  find("keys").textContent = `Single keys: ${singleKeys ? "on" : "off"}`;
});

load();
