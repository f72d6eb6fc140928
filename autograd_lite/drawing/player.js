"use strict";
const { moments, cards } = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const stage = $("stage");
const svg = stage.querySelector("svg");
const staged = [...svg.querySelectorAll("[data-from]")];
const natural = svg.viewBox.baseVal;
let at = 0;
let timer = 0;
let scale = 0; // 0: as large as fits
let kept = moments.map(() => true); // those on the chosen path
const LEGIBLE = 0.9;

// Text goes in by textContent only: what a user called an array is never markup.
function put(list, rows) {
  list.replaceChildren();
  for (const [term, text, kind] of rows) {
    if (!text) continue;
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    const inner = document.createElement(kind === "plain" ? "span" : "pre");
    dt.textContent = term;
    inner.textContent = text;
    inner.className = text.includes("\n") ? `${kind} grid` : kind;
    dd.append(inner);
    list.append(dt, dd);
  }
}

const isLit = (part, k) => (part.dataset.lit || "").split(" ").includes(String(k));

// The nearest moment on the path, in one direction; where there is none, the one that is shown.
function near(k, by) {
  while (k in kept && !kept[k]) k += by;
  return k in kept ? k : at;
}

function show(k) {
  at = k;
  const moment = moments[at];
  for (const part of staged) {
    const { from, until, before } = part.dataset;
    const on = at >= Number(from) && (until === undefined || at < Number(until));
    part.classList.toggle(before, !on);
    part.classList.toggle("lit", isLit(part, at));
  }
  $("slider").value = at;
  $("slider").setAttribute("aria-valuetext", moment.title);
  $("where").textContent = `${at} of ${moments.length - 1}: ${moment.phase}`;
  $("heading").textContent = moment.title;
  put($("now"), moment.rows);
  $("said").textContent = moment.said;
  stage.dataset.at = at;
  follow();
}

function around(parts) {
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const [left, top] = ["left", "top"].map((side) => Math.min(...boxes.map((b) => b[side])));
  const [right, bottom] = ["right", "bottom"].map((side) => Math.max(...boxes.map((b) => b[side])));
  return { left, right, top, bottom };
}

// Keeps what is lit in view; at the start, what is next. Of an arrow that is too long, its card.
function follow() {
  const lit = staged.filter((part) => isLit(part, Math.max(at, 1)));
  if (!scale || !lit.length) return;
  const view = stage.getBoundingClientRect();
  let box = around(lit);
  const cards = lit.filter((part) => part.classList.contains("node"));
  if (cards.length && (box.right - box.left > view.width || box.bottom - box.top > view.height)) {
    box = around(cards);
  }
  stage.scrollBy((box.left + box.right - view.left - view.right) / 2,
    (box.top + box.bottom - view.top - view.bottom) / 2);
}

function play(on) {
  clearInterval(timer);
  timer = 0;
  $("play").textContent = on ? "Pause" : "Play";
  if (!on) return;
  if (near(at + 1, 1) === at) show(0);
  timer = setInterval(() => {
    show(near(at + 1, 1));
    if (near(at + 1, 1) === at) play(false);
  }, 1500);
}

function fitting() {
  const room = stage.getBoundingClientRect();
  const fit = Math.min((room.width - 32) / natural.width, (room.height - 32) / natural.height, 2);
  return Math.max(fit, 0.05);
}

function size() {
  const now = scale || fitting();
  svg.setAttribute("width", natural.width * now);
  svg.setAttribute("height", natural.height * now);
  return now;
}

function zoom(factor) {
  scale = Math.max(0.05, Math.min(6, size() * factor));
  size();
  follow();
}

// In a circuit the circle of an op, o5, belongs to the value it makes, n5.
const cardOf = (node) => node.id.replace(/^o/, "n");

function describe(node) {
  const card = cards[cardOf(node)];
  if (!card) return;
  $("name").textContent = card.name;
  put($("card"), card.rows);
}

// Everything that is not between the chosen parameter and the loss fades, and its steps are skipped.
function choose(id) {
  $("path").value = id;
  const on = new Set([id]);
  const arrows = [...svg.querySelectorAll("[data-ends]")];
  const joined = arrows.map((arrow) => arrow.dataset.ends.split(" "));
  for (let size = 0; size < on.size;) {
    size = on.size;
    for (const [tail, head] of joined) if (on.has(tail)) on.add(head);
  }
  arrows.forEach((arrow, i) => {
    arrow.classList.toggle("off", Boolean(id) && !joined[i].every((end) => on.has(end)));
  });
  for (const node of svg.querySelectorAll(".node")) {
    node.classList.toggle("off", Boolean(id) && !on.has(cardOf(node)));
  }
  kept = moments.map((_, k) => {
    const lit = staged.filter((part) => part.classList.contains("node") && isLit(part, k));
    return !lit.length || lit.some((node) => !node.classList.contains("off"));
  });
  show(near(at, -1));
}

function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  $("theme").textContent = dark ? "Light" : "Dark";
}

for (const [id, card] of Object.entries(cards)) {
  if (card.role !== "parameter") continue;
  const option = document.createElement("option");
  option.value = id;
  option.textContent = card.name;
  $("path").append(option);
}
$("slider").max = moments.length - 1;
$("slider").addEventListener("input", () => { 
  play(false);
  const k = Number($("slider").value);
  show(near(k, Math.sign(k - at) || 1));
});
const steps = {
  first: () => near(0, 1), back: () => near(at - 1, -1),
  next: () => near(at + 1, 1), last: () => near(moments.length - 1, -1),
};
for (const [id, where] of Object.entries(steps)) {
  $(id).addEventListener("click", () => { play(false); show(where()); });
}
$("play").addEventListener("click", () => play(!timer));
$("smaller").addEventListener("click", () => zoom(1 / 1.25));
$("larger").addEventListener("click", () => zoom(1.25));
$("fit").addEventListener("click", () => { scale = 0; size(); });
$("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme !== "dark"));
$("path").addEventListener("change", () => choose($("path").value));
const nodeOf = (event) => event.target.closest(".node");
for (const kind of ["pointerover", "focusin"]) {
  svg.addEventListener(kind, (event) => { const node = nodeOf(event); if (node) describe(node); });
}
function pick(node) {
  describe(node);
  if (cards[node.id]?.role === "parameter") choose($("path").value === node.id ? "" : node.id);
}
svg.addEventListener("click", (event) => { const node = nodeOf(event); if (node) pick(node); });
const keys = { ArrowRight: "next", ArrowLeft: "back", Home: "first", End: "last" };
document.addEventListener("keydown", (event) => {
  const on = event.target;
  if (event.ctrlKey || event.altKey || event.metaKey || on.tagName === "SELECT") return;
  if (event.key in keys && on.id !== "slider") {
    event.preventDefault();
    $(keys[event.key]).click();
  } else if (event.key === " " && on.tagName !== "BUTTON") {
    event.preventDefault();
    play(!timer);
  } else if (event.key === "Enter" && on.closest(".node")) {
    pick(on.closest(".node"));
  }
});
addEventListener("resize", size);
theme(matchMedia("(prefers-color-scheme: dark)").matches);
if (fitting() < LEGIBLE) scale = LEGIBLE;
show(0);
size(); // which settles the styles: only later changes are seen as such
stage.classList.add("ready");
follow();
