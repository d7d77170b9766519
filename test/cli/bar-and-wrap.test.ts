/** Bars and wrapped lines on a terminal of any width. */
import { describe, expect, it } from 'vitest';
import { bar } from '../../cli/terminal/bar.ts';
import { wrap } from '../../cli/terminal/wrap.ts';

describe('bar', () => {
  it('is as long as its share of the width, to an eighth of a column', () => {
    expect(bar(10, 10, 4)).toBe('████');
    expect(bar(5, 10, 4)).toBe('██');
    expect(bar(1, 32, 4)).toBe('▏');
    expect(bar(11, 32, 4)).toBe('█▍');
  });

  it('shows anything above zero, and never more than the width', () => {
    expect(bar(0.001, 1000, 4)).toBe('▏');
    expect(bar(2000, 1000, 4)).toBe('████');
    expect(bar(0, 1000, 4)).toBe('');
    expect(bar(Number.NaN, 1000, 4)).toBe('');
    expect(bar(1, 0, 4)).toBe('');
  });
});

describe('wrap', () => {
  it('breaks at blanks, as late as it can', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
    expect(wrap('short', 80)).toEqual(['short']);
  });

  it('leaves a word that is too long in one piece', () => {
    expect(wrap('see https://example.org/very/long now', 10)).toEqual([
      'see',
      'https://example.org/very/long',
      'now',
    ]);
  });
});
