const data = JSON.parse(document.getElementById("data").textContent);

function seriesOf(keys, names, part = "figures", between = "intervals", dash = false) {
  return keys.map((key, i) => ({ name: names[i], dash, values: data.rounds.filter((r) => typeof r[part][key] === "number").map((r) => [r.number, r[part][key], ...(r[between][key] || [])]) })).filter((s) => s.values.length);
}
// The control begins where the cold start ends.
function controlOf(keys) {
  const cold = data.rounds.find((r) => r.number === 0);
  return seriesOf(keys, keys.map((k) => `control ${k}`), "control", "control_intervals", true).map((s, i) => ({ ...s, values: [...(cold && typeof cold.figures[keys[i]] === "number" ? [[0, cold.figures[keys[i]]]] : []), ...s.values] }));
}
const passes = [...new Set(data.rounds.flatMap((r) => Object.keys(r.figures)))].filter((k) => k.startsWith("pass@")).sort((a, b) => a.slice(5) - b.slice(5));
for (const plot of [
  linePlot("Translator, executed", [...seriesOf([...passes, "compile_rate"], [...passes, "compiles"]), ...controlOf(["pass@1"])], " %"),
  linePlot("Likeness to the reference", seriesOf(["bleu", "codebleu"], ["BLEU", "CodeBLEU"]), ""),
  linePlot("pass@1 by direction", [...new Set(data.rounds.flatMap((r) => Object.keys(r.directions)))].map((way) => ({ name: way, values: data.rounds.filter((r) => r.directions[way] && typeof r.directions[way]["pass@1"] === "number").map((r) => [r.number, r.directions[way]["pass@1"]]) })).filter((s) => s.values.length), " %"),
  linePlot("Tester: valid tests", seriesOf(["tester_valid_rate"], ["valid"]), " %"),
  lossPlot("Loss: Translator", data.losses.filter((c) => !c.training.includes("Tester"))),
  lossPlot("Loss: Tester", data.losses.filter((c) => c.training.includes("Tester"))),
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
const measured = data.rounds.filter((r) => Object.keys(r.kinds).length), sorts = [...new Set(measured.flatMap((r) => Object.keys(r.kinds)))].sort();
if (sorts.length) $("kinds").append(el("h3", {}, "Right answers by kind of held-out program"));
grid($("kinds"), ["", ...measured.map((r) => roundName(r.number)), "programs"], sorts.map((kind) => [kind, ...measured.map((r) => (r.kinds[kind] ? `${r.kinds[kind][0].toFixed(1)} %` : "–")), `${Math.max(...measured.map((r) => (r.kinds[kind] || [0, 0])[1]))}`]));
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
const served = data.api !== undefined, PAGE = 200;
let found = [], total = 0, chosen = -1, differences = false, wanted = {}, asks = 0, busy = false, shown = null;
for (const sample of data.samples) sample.index = `${data.programs[sample.program].name} ${data.programs[sample.program].text} ${sample.text} ${sample.detail}`.toLowerCase();

// then({total, samples}): at once from a page's own samples, later from a server.
function ask(filters, offset, count, then) {
  if (served) {
    fetch(`${data.api}samples?${new URLSearchParams({ ...filters, offset, count })}`).then((answer) => answer.json()).then((answer) => { Object.assign(data.programs, answer.programs); then(answer); }).catch((error) => { $("f-count").textContent = `the server does not answer (${error.message})`; });
    return;
  }
  const f = filters, text = (f.text || "").toLowerCase().trim();
  const all = data.samples.filter((s) => (!f.round || s.round === +f.round) && (!f.held || s.held === (f.held === "1")) && (!f.way || s.way === f.way) && (!f.outcome || s.outcome === f.outcome || (f.outcome === "KEPT" && s.kept)) && (!f.program || s.program === f.program) && (!f.sample || s.key === f.sample) && (!text || s.index.includes(text)));
  then({ total: all.length, samples: all.slice(offset, offset + count) });
}

function options(select, values, all) {
  select.append(el("option", { value: "" }, all), ...values.map((v) => el("option", { value: v }, select.id === "f-round" ? roundName(+v) : v)));
}
const choices = data.choices || { rounds: [...new Set(data.samples.map((s) => s.round))].sort((a, b) => a - b), ways: [...new Set(data.samples.map((s) => s.way))].sort(), outcomes: [...new Set(data.samples.map((s) => s.outcome))] };
options($("f-round"), choices.rounds.map(String), "all");
options($("f-way"), choices.ways, "all");
$("l-way").hidden = choices.ways.length < 2;
options($("f-outcome"), ["KEPT", ...choices.outcomes], "all");

function filter(then = () => {}) {
  wanted = { round: $("f-round").value, held: $("f-held").value, outcome: $("f-outcome").value, way: $("f-way").value, text: $("f-text").value };
  const mine = ++asks;
  ask(wanted, 0, PAGE, (answer) => {
    if (mine !== asks) return;  // an older question
    found = [];
    busy = false;
    $("list").replaceChildren();
    total = answer.total;
    $("f-count").textContent = `${total} of ${served ? data.total : data.samples.length}`;
    add(answer.samples);
    choose(found.length ? 0 : -1, false);
    then();
  });
}

function add(samples) {
  const rows = document.createDocumentFragment();
  for (const sample of samples) {
    const at = found.push(sample) - 1;
    const row = el("li", { role: "option", id: `s${at}`, "aria-selected": "false" }, data.programs[sample.program].name, " ", el("span", { class: tone(sample) }, sample.kept ? "kept" : sample.outcome), el("small", {}, `${roundName(sample.round)} · ${sample.way}${sample.held ? " · held out" : ""}`));
    row.dataset.at = at;
    rows.append(row);
  }
  $("list").append(rows);
}

function more() {
  if (busy || found.length >= total) return;
  const mine = asks;
  busy = true;
  ask(wanted, found.length, PAGE, (answer) => { if (mine === asks) { busy = false; add(answer.samples); } });
}

function choose(at, scroll = true) {
  $(`s${chosen}`)?.setAttribute("aria-selected", "false");
  while (!served && at >= found.length && found.length < total) more();
  chosen = Math.min(at, found.length - 1);
  const row = $(`s${chosen}`);
  row?.setAttribute("aria-selected", "true");
  if (row) $("list").setAttribute("aria-activedescendant", row.id);
  if (row && scroll) row.scrollIntoView({ block: "nearest" });
  show(found[chosen], scroll);
}

function show(sample, link = true) {
  shown = sample;
  if (!sample) { $("detail").replaceChildren(el("p", { class: "soft" }, "no sample")); return; }
  if (link) try { history.replaceState(null, "", `#sample=${sample.key}`); } catch { /* a page from disk may have no history */ }
  const program = data.programs[sample.program], languages = sample.way.split(":");
  const facts = el("dl");
  const fact = (name, value, kind) => value && facts.append(el("dt", {}, name), el("dd", kind ? { class: kind } : {}, value));
  fact("verdict", `${sample.outcome}${sample.kept ? ", kept" : ""}`, tone(sample));
  fact("detail", sample.detail);
  if (sample.place || sample.expected) fact("first difference", `${sample.place}: expected ${sample.expected} (tolerance ${sample.tolerance}), got ${sample.actual}`);
  fact("counterexample", sample.test);
  for (const [name, value] of sample.values) fact(`input ${name}`, value);
  fact("launch", sample.launch);
  if (sample.strength !== null) fact("suite strength", `${(100 * sample.strength).toFixed(0)} % of mutants killed`);
  fact("from", `${program.origin}`);
  const parts = [el("h3", {}, `${program.name} · ${sample.way} · ${roundName(sample.round)} `, el("a", { href: `#sample=${sample.key}`, class: "soft" }, "link")), facts];
  parts.push(aligned(program.text, sample.text, [program.dialect, languages[1]]));
  if (sample.tests.length) parts.push(el("details", {}, el("summary", {}, "some of its tests"), el("pre", {}, sample.tests.join("\n"))));
  const reference = program.references ? program.references[sample.way] : program.reference;
  if (reference) {
    const box = el("details", differences ? { open: "" } : {}, el("summary", {}, "difference to the reference (− reference, + candidate)"), diff(reference, sample.text));
    box.addEventListener("toggle", () => { differences = box.open; });
    parts.push(box);
  }
  const others = el("div", { class: "others" });
  $("detail").replaceChildren(...parts.slice(0, 3), others, ...parts.slice(3));
  ask({ program: sample.program }, 0, PAGE, (answer) => { if (shown === sample) others.replaceChildren(...family(sample, answer.samples)); });
  noteWidth();
}

// All answers to one program, by round, each a step away; and the difference of any two.
function family(sample, members) {
  if (members.length < 2) return [];
  const label = (s) => `${roundName(s.round)}${s.held ? " (held out)" : ""} ${s.way} ${s.kept ? "kept" : s.outcome}`;
  const steps = members.map((s, i) => {
    const step = el("button", { type: "button", class: tone(s), title: label(s), ...(s.key === sample.key ? { "aria-current": "true" } : {}) }, `${i + 1}`);
    step.addEventListener("click", () => show(s));
    return step;
  });
  const select = el("select", { id: "compare" }, el("option", { value: "" }, "no other answer"), ...members.map((s, i) => el("option", { value: `${i}` }, `${i + 1}: ${label(s)}`)));
  const difference = el("div");
  select.addEventListener("input", () => { const other = members[+select.value]; difference.replaceChildren(...(select.value === "" ? [] : [diff(other.text, sample.text)])); });
  return [el("p", {}, `${members.length} answers to this program: `, ...steps.flatMap((s) => [s, " "])), el("p", {}, el("label", {}, "difference to ", select), " (− that one, + this one)"), difference];
}

$("list").addEventListener("click", (event) => { const row = event.target.closest("li"); if (row) choose(+row.dataset.at); });
$("list").addEventListener("scroll", () => { if ($("list").scrollTop + $("list").clientHeight > $("list").scrollHeight - 400) more(); });
$("filters").addEventListener("input", () => filter());
$("filters").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  const writing = ["INPUT", "SELECT"].includes(event.target.tagName);
  if (event.key === "Escape" && writing) { event.target.blur(); return; }
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  const inList = document.activeElement === $("list");
  const step = event.key === "j" ? 1 : event.key === "k" ? -1 : inList ? { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, End: served ? found.length : total, Home: -total }[event.key] : undefined;
  if (step) choose(Math.max(Math.min(0, total - 1), Math.min(total - 1, chosen + step)));
  else if (event.key === "/") $("f-text").focus();
  else if (event.key === "d") { differences = !differences; show(shown); }
  else if (event.key === "t") toggleTheme();
  else return;
  event.preventDefault();
});
function follow() {
  const key = location.hash.startsWith("#sample=") ? location.hash.slice(8) : "";
  if (key && (!shown || shown.key !== key)) ask({ sample: key }, 0, 1, (answer) => { if (answer.samples[0]) { show(answer.samples[0]); $("samples").scrollIntoView(); } });
}
addEventListener("hashchange", follow);
filter(follow);
document.documentElement.dataset.readyMs = Math.round(performance.now());  // since the page began to load; a test reads it
