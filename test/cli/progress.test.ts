/** The progress display: redrawn on a terminal, plain lines elsewhere. */
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressDisplay } from '../../cli/terminal.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  vi.stubEnv('CI', undefined);
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe('without a terminal', () => {
  it('prints one line per change of state, and no control sequence', () => {
    const { stream, written } = output({ isTTY: false });
    const progress = new ProgressDisplay(stream);
    progress.update('a', { label: 'cleanse' });
    progress.update('a', { state: 'running' });
    progress.update('a', { done: 1, total: 2 });
    vi.advanceTimersByTime(1200);
    progress.update('a', { state: 'done', note: '2 buckets' });
    progress.log('a line of its own');
    progress.stop();
    expect(written()).toBe('▸ cleanse\n✓ cleanse   1.2 s  2 buckets\na line of its own\n');
  });
});

describe('on a terminal', () => {
  it('redraws in place and ends with the final state and the cursor shown', () => {
    const screen = new Screen();
    const { stream, written } = output({ isTTY: true, columns: 100, rows: 24 }, screen);
    const progress = new ProgressDisplay(stream);
    progress.update('a', { label: 'cleanse', state: 'running', done: 1, total: 4 });
    progress.update('b', { label: 'dwell' });
    vi.advanceTimersByTime(1000);
    expect(screen.lines()).toEqual([
      expect.stringMatching(/^. cleanse +████░{12} {2,3}25 % +[\d.]+ (m?s)$/),
      '· dwell',
    ]);
    progress.log('kept above');
    progress.update('a', { state: 'done' });
    progress.update('b', { state: 'running' });
    progress.update('b', { state: 'failed', note: 'no rows' });
    progress.stop();
    progress.stop();
    expect(screen.lines()).toEqual([
      'kept above',
      expect.stringMatching(/^✓ cleanse +1\.0 s$/),
      expect.stringMatching(/^✗ dwell +<1 ms {2}no rows$/),
    ]);
    expect(written()).toMatch(/^\x1b\[\?25l[\s\S]*\x1b\[\?25h$/);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('shows the running ones when there are more than fit, and all at the end', () => {
    const screen = new Screen();
    const { stream } = output({ isTTY: true, columns: 40, rows: 6 }, screen);
    const progress = new ProgressDisplay(stream);
    for (let at = 0; at < 20; at++) progress.update(`t${at}`, { state: at === 17 ? 'running' : 'done' });
    vi.advanceTimersByTime(200);
    expect(screen.lines()).toHaveLength(4);
    expect(screen.lines().join('\n')).toContain('t17');
    progress.stop();
    expect(screen.lines()).toHaveLength(20);
  });

  it('cuts lines to the width of the terminal', () => {
    const screen = new Screen();
    const { stream } = output({ isTTY: true, columns: 30, rows: 24 }, screen);
    const progress = new ProgressDisplay(stream);
    progress.update('a', { state: 'running', note: 'a note that is much too long for it' });
    vi.advanceTimersByTime(100);
    expect(screen.lines()[0]!.length).toBeLessThan(30);
    progress.stop();
  });
});

function output(properties: { isTTY: boolean; columns?: number; rows?: number }, screen?: Screen) {
  const stream = Object.assign(new PassThrough(), properties);
  let text = '';
  stream.write = ((chunk: string) => {
    text += chunk;
    screen?.write(chunk);
    return true;
  }) as typeof stream.write;
  return { stream, written: () => text };
}

/** As much of a terminal as the display uses: lines, cursor up, erase below. */
class Screen {
  #lines: string[] = [];

  write(chunk: string): void {
    for (const [, up, text] of chunk.matchAll(/\x1b\[(\d+)A\x1b\[0J|([^\n]*)\n/g)) {
      if (up !== undefined) this.#lines.length -= Number(up);
      else this.#lines.push(stripVTControlCharacters(text!).trimEnd());
    }
  }

  lines(): readonly string[] {
    return this.#lines;
  }
}
