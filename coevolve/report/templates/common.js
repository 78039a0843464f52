"use strict";
// Every text of a model or a corpus goes into the page through textContent only: it is hostile by assumption.
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function svg(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const roundName = (n) => (n === 0 ? "cold" : `round ${n}`);
const COLORS = ["--c0", "--c1", "--c2", "--c3", "--c4"].map((c) => `var(${c})`);

// Whether the page is wider than the window; a test reads it.
function noteWidth() { document.documentElement.dataset.wider = document.documentElement.scrollWidth > window.innerWidth; }
addEventListener("load", noteWidth);

// ---- theme ----
let stored = null;
try { stored = localStorage.getItem("theme"); } catch { /* a page from disk may have no storage */ }
const asked = new URLSearchParams(location.search).get("theme");
document.documentElement.dataset.theme = (["dark", "light"].includes(asked) && asked) || stored || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
function toggleTheme() {
  const name = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = name;
  try { localStorage.setItem("theme", name); } catch { /* as above */ }
}
$("theme").addEventListener("click", toggleTheme);

// ---- plots ----
// series: {name, values: [[round, value, low, high]], dash}; low and high may be missing.
function linePlot(title, series, unit) {
  const W = 450, H = 210, left = 44, right = 130, top = 14, bottom = 26;
  const points = series.flatMap((s) => s.values.flatMap((v) => v.slice(1).filter((x) => typeof x === "number")));
  if (!points.length) return null;
  const most = Math.max(1, Math.ceil(Math.max(...points) / 10) * 10), least = Math.max(0, Math.floor(Math.min(...points) / 10) * 10 - 10);
  const last = Math.max(...series.flatMap((s) => s.values.map((v) => v[0])), 1);
  const x = (n) => left + (n * (W - left - right)) / last, y = (v) => H - bottom - ((v - least) * (H - top - bottom)) / (most - least);
  const picture = svg("svg", { viewBox: `0 0 ${W} ${H}`, width: W, role: "img", "aria-label": title });
  for (let i = 0; i <= 4; i++) {
    const value = least + (i * (most - least)) / 4;
    picture.append(svg("line", { x1: left, x2: W - right, y1: y(value), y2: y(value), stroke: "var(--line)" }), svg("text", { x: 4, y: y(value) + 4 }, `${+value.toFixed(1)}${unit}`));
  }
  for (let n = 0; n <= last; n++) picture.append(svg("text", { x: x(n), y: H - 8, "text-anchor": "middle" }, n === 0 ? "cold" : n));
  const labels = [];
  series.forEach((s, i) => {
    const color = COLORS[i % COLORS.length], dash = s.dash ? "5 4" : "none", shift = (i - (series.length - 1) / 2) * 3;
    picture.append(svg("polyline", { points: s.values.map(([n, v]) => `${x(n)},${y(v)}`).join(" "), fill: "none", stroke: color, "stroke-width": 2, "stroke-dasharray": dash }));
    for (const [n, v, low, high] of s.values) {
      const dot = svg("circle", { cx: x(n), cy: y(v), r: 3.5, fill: color }), known = typeof low === "number";
      if (known) picture.append(svg("line", { x1: x(n) + shift, x2: x(n) + shift, y1: y(low), y2: y(high), stroke: color, "stroke-width": 1.5, "stroke-opacity": 0.6, class: "interval" }));
      dot.append(svg("title", {}, `${s.name}, ${roundName(n)}: ${v.toFixed(1)}${unit}` + (known ? ` (95 %: ${low.toFixed(1)} to ${high.toFixed(1)})` : "")));
      picture.append(dot);
    }
    const end = s.values[s.values.length - 1];
    if (end) labels.push({ at: y(end[1]), text: `${s.name} ${end[1].toFixed(1)}`, color });
  });
  labels.sort((a, b) => a.at - b.at).forEach((label, i) => { if (i) label.at = Math.max(label.at, labels[i - 1].at + 13); });
  const over = labels.length ? Math.max(0, labels[labels.length - 1].at - (H - bottom)) : 0;
  for (const label of labels) picture.append(svg("text", { x: W - right + 8, y: label.at + 4 - over, style: `fill:${label.color}` }, label.text));
  return el("figure", {}, el("figcaption", {}, title), picture);
}

// curves: {training, points: [[step, loss]]}
function lossPlot(title, curves) {
  if (!curves.length) return null;
  const W = 430, H = 180, left = 44, right = 12, top = 10, bottom = 24;
  const all = curves.flatMap((c) => c.points), last = Math.max(1, ...all.map((p) => p[0])), most = Math.max(0.1, ...all.map((p) => p[1]));
  const x = (n) => left + (n * (W - left - right)) / last, y = (v) => H - bottom - (v * (H - top - bottom)) / most;
  const picture = svg("svg", { viewBox: `0 0 ${W} ${H}`, width: W, role: "img", "aria-label": title });
  for (let i = 0; i <= 4; i++) picture.append(svg("line", { x1: left, x2: W - right, y1: y((i * most) / 4), y2: y((i * most) / 4), stroke: "var(--line)" }), svg("text", { x: 4, y: y((i * most) / 4) + 4 }, ((i * most) / 4).toFixed(2)));
  picture.append(svg("text", { x: W - right, y: H - 6, "text-anchor": "end" }, `step ${last}`));
  const legend = el("p", { class: "legend" });
  curves.forEach((c, i) => {
    const color = COLORS[i % COLORS.length];
    picture.append(svg("polyline", { points: c.points.map(([n, v]) => `${x(n)},${y(v)}`).join(" "), fill: "none", stroke: color, "stroke-width": 1.5 }));
    legend.append(el("span", { style: `color:${color}` }, `${c.training} ${c.points[c.points.length - 1][1].toFixed(3)}`), " ");
  });
  return el("figure", {}, el("figcaption", {}, title), picture, legend);
}

// ---- programs ----
const WORDS = /(\/\/[^\n]*|\/\*[\s\S]*?\*\/|![^\n]*)|\b(__global__|__device__|__shared__|for|if|else|while|do|return|const|pragma|omp|parallel|end|subroutine|function|integer|real|call|then|intent|implicit|none|reduction|private)\b|\b(void|int|float|double|char|unsigned|long|short|bool|size_t|dim3|threadIdx|blockIdx|blockDim|gridDim)\b|\b(\d[\w.]*)/g;
function code(text, language) {
  const block = el("pre");
  let at = 0;
  for (const found of text.matchAll(WORDS)) {
    if (found[1] && found[1][0] === "!" && !language.includes("fortran")) continue;
    block.append(text.slice(at, found.index), el("span", { class: found[1] ? "co" : found[2] ? "kw" : found[3] ? "ty" : "nu" }, found[0]));
    at = found.index + found[0].length;
  }
  block.append(text.slice(at));
  return block;
}

// Lines of a source beside the lines of its translation that share most words with them.
function aligned(before, after, languages) {
  const a = before.trimEnd().split("\n"), b = after.trimEnd().split("\n");
  if (a.length * b.length > 90000) return el("div", { class: "pair" }, code(before, languages[0]), code(after, languages[1]));
  const words = (line) => new Set(line.match(/[A-Za-z_]\w*|\d[\w.]*|[^\s\w]/g) || []);
  const left = a.map(words), right = b.map(words);
  const alike = (p, q) => { const both = [...p].filter((w) => q.has(w)).length, all = p.size + q.size - both; return all && both / all >= 0.3 ? both / all : 0; };
  const best = Array.from({ length: a.length + 1 }, () => new Float64Array(b.length + 1)), like = a.map((_, i) => b.map((_, j) => alike(left[i], right[j])));
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) best[i][j] = Math.max(best[i + 1][j], best[i][j + 1], like[i][j] ? like[i][j] + best[i + 1][j + 1] : 0);
  const rows = el("tbody");
  const row = (x, y) => rows.append(el("tr", {}, el("td", x === null ? { class: "none" } : {}, ...(x === null ? [] : [code(a[x], languages[0])])), el("td", y === null ? { class: "none" } : {}, ...(y === null ? [] : [code(b[y], languages[1])]))));
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && like[i][j] && best[i][j] === like[i][j] + best[i + 1][j + 1]) row(i++, j++);
    else if (j >= b.length || (i < a.length && best[i][j] === best[i + 1][j])) row(i++, null);
    else row(null, j++);
  }
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "source beside candidate" }, el("table", { class: "aligned" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "source"), el("th", { scope: "col" }, "candidate"))), rows));
}
