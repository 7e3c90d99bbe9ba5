/** One style for console and report. Colours hold 4.5:1 on their ground in both themes; no colour is the only carrier of a fact. */
export const stylesheet = `
:root{color-scheme:light dark;--ground:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#55606e;--line:#d9dee5;--link:#0b57b0;
--good:#14663a;--good-ground:#e6f4ec;--warn:#7a4b00;--warn-ground:#fff3dc;--bad:#a01c1c;--bad-ground:#fdeaea;
--bar:#e3e7ed;--created:#1f7a4a;--updated:#2a6fc9;--unchanged:#8794a5;--failed:#c23434}
@media (prefers-color-scheme:dark){:root{--ground:#12161c;--card:#1b2129;--ink:#e8ecf1;--soft:#a3aebb;--line:#333c47;--link:#8ab8ff;
--good:#7fd6a4;--good-ground:#143022;--warn:#f2c777;--warn-ground:#36290f;--bad:#ff9d9d;--bad-ground:#3b1a1a;
--bar:#2c343e;--created:#3fae73;--updated:#5b9bf0;--unchanged:#76828f;--failed:#e86a6a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main,.bar{max-width:62rem;margin:0 auto;padding:1rem}
.bar{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:center;padding-bottom:0;color:var(--soft)}
.bar form{margin:0 0 0 auto}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.2rem;margin:0 0 .5rem}
h3{font-size:1rem;margin:1.25rem 0 .5rem}
p{margin:.4rem 0;max-width:46rem}
a{color:var(--link)}
a:focus-visible,button:focus-visible,input:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}
section,.verdict{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;margin:1rem 0}
.verdict{border-left-width:.5rem}
.verdict h1{margin-top:0}
.verdict.good{background:var(--good-ground);border-color:var(--good)}
.verdict.warn{background:var(--warn-ground);border-color:var(--warn)}
.verdict.bad{background:var(--bad-ground);border-color:var(--bad)}
.good strong{color:var(--good)} .warn strong{color:var(--warn)} .bad strong{color:var(--bad)}
.verdict strong.good,strong.good{color:var(--good)} .verdict strong.warn,strong.warn{color:var(--warn)} .verdict strong.bad,strong.bad{color:var(--bad)}
.soft{color:var(--soft)}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.small{font-size:.875rem}
ul,ol{margin:.4rem 0;padding-left:1.3rem}
li{margin:.3rem 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
caption{text-align:left;color:var(--soft);padding:0 0 .4rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-weight:600;white-space:nowrap}
tbody th{font-weight:600} tbody th .small{font-weight:400}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.n+td:not(.n),th.n+th:not(.n){padding-left:1.5rem}
tbody tr:last-child>*{border-bottom:0}
code{font:.875em ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
td code{overflow-wrap:normal}
td time,td.state{white-space:nowrap}
td.says{min-width:17rem} td.key{min-width:8rem} td.key code{overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.3rem 1rem;margin:.5rem 0}
dt{color:var(--soft)} dd{margin:0}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;padding:0;margin:.6rem 0 0;color:var(--soft);font-size:.875rem}
.legend svg{width:.8rem;height:.8rem;border-radius:.2rem;vertical-align:-.05rem;margin-right:.35rem}
.track,.legend svg{background:var(--bar)}
.track{display:block;width:100%;min-width:7rem;margin:.3rem 0 .1rem;height:.8rem;border-radius:.4rem}
rect.created{fill:var(--created)} rect.updated{fill:var(--updated)} rect.unchanged{fill:var(--unchanged)} rect.failed{fill:var(--failed)}
.text{white-space:pre-line;overflow-wrap:anywhere}
figure{margin:.75rem 0} blockquote{margin:.4rem 0;padding:.5rem .9rem;border-left:.25rem solid var(--line);max-width:46rem}
blockquote p{margin:0 0 .3rem}
ul.plain{list-style:none;padding:0;margin:0;min-width:9rem} ul.plain li{margin:0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1rem}
.figures div{min-width:0} .figures b{display:block;font-size:1.35rem;line-height:1.3} .figures span{color:var(--soft);font-size:.9rem}
label{display:block;margin:1rem 0 .25rem;font-weight:600}
input{font:inherit;width:100%;padding:.55rem .7rem;border:1px solid var(--soft);border-radius:.4rem;background:var(--card);color:var(--ink)}
button{font:inherit;font-weight:600;padding:.55rem 1.1rem;border:0;border-radius:.4rem;background:var(--link);color:var(--card);cursor:pointer}
button.plain{background:none;color:var(--link);padding:.2rem 0;font-weight:400;text-decoration:underline}
section.narrow{max-width:28rem;margin:2rem auto}
section.narrow button{margin-top:1.25rem}
@media (max-width:40rem){main,.bar{padding:.75rem}section,.verdict{padding:.8rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}th,td{padding:.35rem .4rem}}
@media print{:root{--ground:#fff;--card:#fff;--ink:#000;--soft:#333;--line:#999;--good-ground:#fff;--warn-ground:#fff;--bad-ground:#fff;--good:#000;--warn:#000;--bad:#000;--link:#000}
body{font-size:10.5pt}main{max-width:none;padding:0}section,.verdict{break-inside:auto;border-radius:0}h2,h3{break-after:avoid}tr{break-inside:avoid}thead{display:table-header-group}.scroll{overflow:visible}.no-print{display:none}}
`;
