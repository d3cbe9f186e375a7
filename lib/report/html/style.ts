// Hues that tell roles apart, none of them near the red of a failure.
const HUES = [212, 146, 268, 42, 184, 310, 92, 236]

/** The page's looks: the reader's own colour scheme, one column on a phone. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fff; --card: #f6f7f9; --line: #d9dde3; --text: #1c2128; --dim: #5c6672;
  --ok: #1a7f37; --changed: #9a6700; --failed: #c62828; --wait: #c3c9d1; --connect: #8a94a0;
  --add: #e2f5e6; --remove: #fde7e7; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --card: #1d2127; --line: #343a43; --text: #e4e7eb;
  --dim: #9aa4b0; --ok: #56c271; --changed: #e0ab3c; --failed: #ff7b72; --wait: #4a525d; --connect: #75808c;
  --add: #16351f; --remove: #45201f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 1400px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
p { margin: .25rem 0; }
pre, code, .mono { font: 13px/1.45 ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; }
pre { margin: .5rem 0 0; padding: .5rem .75rem; overflow-x: auto; background: var(--page);
  border: 1px solid var(--line); border-radius: 6px; }
.dim { color: var(--dim); }
.ok { color: var(--ok); } .changed { color: var(--changed); } .failed { color: var(--failed); }
.totals { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.totals li { padding: .4rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.totals b { font-size: 1.25rem; margin-right: .3rem; }
.item { margin: .5rem 0; padding: .6rem .9rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; overflow-wrap: anywhere; }
.item.failed-item { border-left: 4px solid var(--failed); }
summary { cursor: pointer; }
.hosts { color: var(--dim); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; margin: .4rem 0 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.diff span { display: block; white-space: pre; width: max-content; min-width: 100%; }
.diff .added { background: var(--add); } .diff .removed { background: var(--remove); } .diff .place { color: var(--dim); }
input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  padding: .3rem .6rem; width: min(22rem, 100%); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: .5rem 0; color: var(--dim); font-size: 13px; }
.legend i { display: inline-block; width: 1.4em; height: .8em; margin-right: .4em; border-radius: 2px; vertical-align: -.05em; }
.rows { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.row { display: grid; grid-template-columns: minmax(5rem, 16%) 1fr; align-items: center; min-height: 26px; }
.row + .row { border-top: 1px solid color-mix(in srgb, var(--line) 45%, transparent); }
.row > b { font-weight: 400; padding: 0 .6rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.row.bad > b { color: var(--failed); font-weight: 600; }
.track { position: relative; height: 16px; margin-right: .6rem; }
.track i { position: absolute; top: 0; bottom: 0; min-width: 1px; }
.track .end { background: var(--failed); width: 3px; top: -3px; bottom: -3px; }
.many .row { min-height: 15px; font-size: 11px; line-height: 1.2; }
.many .track { height: 9px; }
.head { background: var(--card); position: sticky; top: 0; z-index: 1; font-size: 12px; color: var(--dim); }
.head .track { height: 34px; }
.head .track span { position: absolute; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.head .tick { top: 17px; border-left: 1px solid var(--line); padding-left: 3px; }
.head .play { top: 0; height: 17px; border-left: 2px solid var(--text); padding-left: 4px; color: var(--text); }
.connect { background: var(--connect); }
.wait { background: repeating-linear-gradient(135deg, var(--wait) 0 3px, transparent 3px 6px); }
${HUES.map((hue, role) => `.role${role} { background: hsl(${hue} 52% 52%); }`).join('\n')}
.groups { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); gap: .6rem; }
.groups .item { margin: 0; }
.chips { display: flex; flex-wrap: wrap; gap: .25rem; margin-top: .4rem; max-height: 14rem; overflow-y: auto; }
.chips span { padding: 0 .45rem; border: 1px solid var(--line); border-radius: 999px; font-size: 12px; background: var(--page);
  max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.chips .changed { border-color: var(--changed); } .chips .failed { border-color: var(--failed); font-weight: 600; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: .25rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { color: var(--dim); font-weight: 500; background: var(--card); white-space: nowrap; }
td:first-child { white-space: nowrap; } td.wide { min-width: 12rem; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
[hidden] { display: none !important; }
@media (max-width: 640px) { body { padding: 1rem .75rem; } .row { grid-template-columns: 6rem 1fr; } .row > b { padding: 0 .4rem; }
  .totals li { padding: .25rem .6rem; } }
@media print { .head { position: static; } input { display: none; } }
`

/** The class of a role's colour, by the role's position in the run. */
export function roleClass(position: number): string {
  return `role${position % HUES.length}`
}
