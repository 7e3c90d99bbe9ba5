import { expect, test } from 'vitest';
import { sanitised } from './note-html.js';

test.each([
  ['<p>a<br/>b</p>', '<p>a<br>b</p>'],
  ['<UL><LI class="x">a</LI></UL>', '<ul><li>a</li></ul>'],
  ['<!-- a --><b>c</b><!-- <i>d</i> -->', '<b>c</b>'],
  ['<script>x</script><style>y</style>z', 'z'],
  ['<table><td>a</td></table>', 'a'],
  ['<a onclick="x" href="https://a.example">b</a>', '<a href="https://a.example">b</a>'],
  ['1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
])('%s', (html, kept) => {
  expect(sanitised(html)).toBe(kept);
});
