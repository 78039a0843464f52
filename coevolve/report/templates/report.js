"use strict";
// Every text of a model or a corpus goes into the page through textContent only: it is hostile by assumption.
const data = JSON.parse(document.getElementById("data").textContent);
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
function linePlot(title, series, unit) {
  const W = 430, H = 210, left = 44, right = 96, top = 14, bottom = 26;
  const points = series.flatMap((s) => s.values.map((v) => v[1]));
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
    const color = COLORS[i % COLORS.length];
    picture.append(svg("polyline", { points: s.values.map(([n, v]) => `${x(n)},${y(v)}`).join(" "), fill: "none", stroke: color, "stroke-width": 2 }));
    for (const [n, v] of s.values) {
      const dot = svg("circle", { cx: x(n), cy: y(v), r: 3.5, fill: color });
      dot.append(svg("title", {}, `${s.name}, ${roundName(n)}: ${v.toFixed(1)}${unit}`));
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

function seriesOf(keys, names) {
  return keys.map((key, i) => ({ name: names[i], values: data.rounds.filter((r) => typeof r.figures[key] === "number").map((r) => [r.number, r.figures[key]]) })).filter((s) => s.values.length);
}
const passes = [...new Set(data.rounds.flatMap((r) => Object.keys(r.figures)))].filter((k) => k.startsWith("pass@")).sort((a, b) => a.slice(5) - b.slice(5));
for (const plot of [
  linePlot("Translator, executed", seriesOf([...passes, "compile_rate"], [...passes, "compiles"]), " %"),
  linePlot("Likeness to the reference", seriesOf(["bleu", "codebleu"], ["BLEU", "CodeBLEU"]), ""),
  linePlot("pass@1 by direction", [...new Set(data.rounds.flatMap((r) => Object.keys(r.directions)))].map((way) => ({ name: way, values: data.rounds.filter((r) => r.directions[way] && typeof r.directions[way]["pass@1"] === "number").map((r) => [r.number, r.directions[way]["pass@1"]]) })).filter((s) => s.values.length), " %"),
  linePlot("Tester: valid tests", seriesOf(["tester_valid_rate"], ["valid"]), " %"),
]) if (plot) $("plots").append(plot);

function funnelPlot(row) {
  const W = 430, line = 24, most = Math.max(1, ...row.funnel.map((s) => s[1]));
  const picture = svg("svg", { viewBox: `0 0 ${W} ${row.funnel.length * line + 4}`, width: W, role: "img", "aria-label": `funnel of ${roundName(row.number)}` });
  row.funnel.forEach(([name, count], i) => {
    const width = (count * 230) / most;
    picture.append(svg("text", { x: 0, y: i * line + 16 }, name), svg("rect", { x: 80, y: i * line + 4, width: Math.max(1, width), height: 16, rx: 2, fill: name === "kept" ? COLORS[2] : COLORS[0] }));
    picture.append(svg("text", { x: 88 + width, y: i * line + 16 }, `${count} (${((100 * count) / most).toFixed(0)} %)`));
  });
  return el("figure", {}, el("figcaption", {}, roundName(row.number)), picture);
}
for (const row of data.rounds) if (row.funnel.length) $("funnels").append(funnelPlot(row));

function grid(target, head, rows) {
  if (!rows.length) return;
  const body = el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((c, i) => (i ? el("td", {}, c) : el("th", { scope: "row" }, c))))));
  target.append(el("table", {}, el("thead", {}, el("tr", {}, ...head.map((h) => el("th", { scope: "col" }, h)))), body));
}
const verified = data.rounds.filter((r) => Object.keys(r.outcomes).length);
const kinds = (key) => [...new Set(verified.flatMap((r) => Object.keys(r[key])))];
const counts = (key) => verified.map((r) => [roundName(r.number), ...kinds(key).map((kind) => `${r[key][kind] || 0}`)]);
grid($("verdicts"), ["", ...kinds("outcomes")], counts("outcomes"));
$("unread").hidden = !kinds("not_functions").length;
if (!$("unread").hidden) grid($("unread"), ["no function", ...kinds("not_functions")], counts("not_functions"));
for (const row of data.rounds) {
  if (!row.gained) continue;
  const names = (list) => (list.length ? list.join(", ") : "none");
  $("gains").append(el("p", {}, el("b", {}, `${roundName(row.number)}: `), el("span", { class: "good" }, `${row.gained.length} gained`), ` (${names(row.gained)}); `, el("span", { class: "bad" }, `${row.lost.length} lost`), ` (${names(row.lost)})`));
}
if (!$("gains").childNodes.length) $("gains").append(el("p", { class: "soft" }, "two evaluations are needed to compare"));
const ORDER = ["evaluation suites", "ladder", "cold start", "suites", "propose and verify", "learn", "evaluate"];
const place = (s) => (ORDER.indexOf(s.split(":")[0]) + 1 || ORDER.length + 1); // "ladder: mlm" stands with "ladder"
const stages = [...new Set(data.rounds.flatMap((r) => Object.keys(r.seconds)))].sort((a, b) => place(a) - place(b));
const spent = (r, s) => (r.seconds[s] === undefined ? "–" : `${r.seconds[s].toFixed(0)} s` + (r.busy[s] === undefined ? "" : `, ${(100 * r.busy[s]).toFixed(0)} % busy`));
grid($("times"), ["", ...stages, "all"], data.rounds.map((r) => [roundName(r.number), ...stages.map((s) => spent(r, s)), `${Object.values(r.seconds).reduce((a, b) => a + b, 0).toFixed(0)} s`]));

function timePlot() {
  const rows = data.rounds.flatMap((r) => stages.filter((s) => r.seconds[s] !== undefined).map((s) => [r, s]));
  if (!rows.length) return;
  const W = 640, line = 22, most = Math.max(1, ...rows.map(([r, s]) => r.seconds[s]));
  const picture = svg("svg", { viewBox: `0 0 ${W} ${rows.length * line + 4}`, width: W, role: "img", "aria-label": "seconds by stage, and how busy the cores were meanwhile" });
  rows.forEach(([r, s], i) => {
    const width = (r.seconds[s] * 290) / most, busy = r.busy[s];
    picture.append(svg("text", { x: 0, y: i * line + 15 }, `${roundName(r.number)} · ${s}`), svg("rect", { x: 200, y: i * line + 4, width: Math.max(1, width), height: 14, rx: 2, fill: COLORS[0], "fill-opacity": busy === undefined ? 1 : 0.3 }));
    if (busy !== undefined) picture.append(svg("rect", { x: 200, y: i * line + 4, width: Math.max(1, width * Math.min(1, busy)), height: 14, rx: 2, fill: COLORS[0] }));
    picture.append(svg("text", { x: 208 + width, y: i * line + 15 }, spent(r, s)));
  });
  $("timeplot").append(el("figure", {}, el("figcaption", {}, "Seconds by stage; full colour: the share that the machine was busy"), picture));
}
timePlot();

// ---- samples ----
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

function diff(before, after) {
  const a = before.trimEnd().split("\n"), b = after.trimEnd().split("\n");
  const same = (x, y) => x.replace(/\s+/g, "") === y.replace(/\s+/g, "");
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) table[i][j] = same(a[i], b[j]) ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
  const block = el("pre");
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && same(a[i], b[j])) { block.append(`  ${b[j]}\n`); i++; j++; }
    else if (j >= b.length || (i < a.length && table[i + 1][j] >= table[i][j + 1])) block.append(el("span", { class: "del" }, `- ${a[i++]}`));
    else block.append(el("span", { class: "add" }, `+ ${b[j++]}`));
  }
  return block;
}

const tone = (s) => (s.outcome === "EQUIVALENT" ? "good" : s.outcome === "INVALID_SUITE" || s.outcome === "REFUSED" ? "dim" : "bad");
let found = [], chosen = -1, differences = false, listed = 0;
const PAGE = 200;
for (const sample of data.samples) sample.index = `${data.programs[sample.program].name} ${data.programs[sample.program].text} ${sample.text} ${sample.detail}`.toLowerCase();

function options(select, values, all) {
  select.append(el("option", { value: "" }, all), ...values.map((v) => el("option", { value: v }, select.id === "f-round" ? roundName(+v) : v)));
}
options($("f-round"), [...new Set(data.samples.map((s) => s.round))].sort((a, b) => a - b).map(String), "all");
const ways = [...new Set(data.samples.map((s) => s.way))].sort();
options($("f-way"), ways, "all");
$("l-way").hidden = ways.length < 2;
options($("f-outcome"), ["KEPT", ...new Set(data.samples.map((s) => s.outcome))], "all");

function filter() {
  const round = $("f-round").value, held = $("f-held").value, outcome = $("f-outcome").value, way = $("f-way").value, text = $("f-text").value.toLowerCase().trim();
  found = data.samples.filter((s) => (!round || s.round === +round) && (!held || s.held === (held === "1")) && (!way || s.way === way) && (!outcome || s.outcome === outcome || (outcome === "KEPT" && s.kept)) && (!text || s.index.includes(text)));
  $("f-count").textContent = `${found.length} of ${data.samples.length}`;
  $("list").replaceChildren();
  listed = 0;
  more();
  choose(found.length ? 0 : -1, false);
}

function more() {
  const rows = document.createDocumentFragment();
  for (const end = Math.min(found.length, listed + PAGE); listed < end; listed++) {
    const sample = found[listed];
    const row = el("li", { role: "option", id: `s${listed}`, "aria-selected": "false" }, data.programs[sample.program].name, " ", el("span", { class: tone(sample) }, sample.kept ? "kept" : sample.outcome), el("small", {}, `${roundName(sample.round)} · ${sample.way}${sample.held ? " · held out" : ""}`));
    row.dataset.at = listed;
    rows.append(row);
  }
  $("list").append(rows);
}

function choose(at, scroll = true) {
  $(`s${chosen}`)?.setAttribute("aria-selected", "false");
  chosen = at;
  while (at >= listed && listed < found.length) more();
  const row = $(`s${at}`);
  row?.setAttribute("aria-selected", "true");
  if (row) $("list").setAttribute("aria-activedescendant", row.id);
  if (row && scroll) row.scrollIntoView({ block: "nearest" });
  show();
}

function show() {
  const sample = found[chosen];
  if (!sample) { $("detail").replaceChildren(el("p", { class: "soft" }, "no sample")); return; }
  const program = data.programs[sample.program], target = sample.way.split(":")[1];
  const facts = el("dl");
  const fact = (name, value, kind) => value && facts.append(el("dt", {}, name), el("dd", kind ? { class: kind } : {}, value));
  fact("verdict", `${sample.outcome}${sample.kept ? ", kept" : ""}`, tone(sample));
  fact("detail", sample.detail);
  if (sample.place || sample.expected) fact("first difference", `${sample.place}: expected ${sample.expected} (tolerance ${sample.tolerance}), got ${sample.actual}`);
  fact("counterexample", sample.test);
  fact("launch", sample.launch);
  if (sample.strength !== null) fact("suite strength", `${(100 * sample.strength).toFixed(0)} % of mutants killed`);
  fact("from", `${program.origin}`);
  const shown = [el("h3", {}, `${program.name} · ${sample.way} · ${roundName(sample.round)}`), facts];
  shown.push(el("div", { class: "pair" }, el("div", {}, el("b", {}, "source"), code(program.text, program.dialect)), el("div", {}, el("b", {}, "candidate"), code(sample.text, target))));
  if (sample.tests.length) shown.push(el("details", {}, el("summary", {}, "some of its tests"), el("pre", {}, sample.tests.join("\n"))));
  const reference = program.references ? program.references[sample.way] : program.reference;
  if (reference) {
    const box = el("details", differences ? { open: "" } : {}, el("summary", {}, "difference to the reference (− reference, + candidate)"), diff(reference, sample.text));
    box.addEventListener("toggle", () => { differences = box.open; });
    shown.push(box);
  }
  $("detail").replaceChildren(...shown);
}

$("list").addEventListener("click", (event) => { const row = event.target.closest("li"); if (row) choose(+row.dataset.at); });
$("list").addEventListener("scroll", () => { if ($("list").scrollTop + $("list").clientHeight > $("list").scrollHeight - 400) more(); });
$("filters").addEventListener("input", filter);
$("filters").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  const writing = ["INPUT", "SELECT"].includes(event.target.tagName);
  if (event.key === "Escape" && writing) { event.target.blur(); return; }
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  const inList = document.activeElement === $("list");
  const step = event.key === "j" ? 1 : event.key === "k" ? -1 : inList ? { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, End: found.length, Home: -found.length }[event.key] : undefined;
  if (step) choose(Math.max(Math.min(0, found.length - 1), Math.min(found.length - 1, chosen + step)));
  else if (event.key === "/") $("f-text").focus();
  else if (event.key === "d") { differences = !differences; show(); }
  else if (event.key === "t") toggleTheme();
  else return;
  event.preventDefault();
});
filter();
document.documentElement.dataset.readyMs = Math.round(performance.now());  // since the page began to load; a test reads it
