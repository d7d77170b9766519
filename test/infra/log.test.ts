/** The log: levels, formats, bound fields, and no secret in it. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FlyerlineError } from '../../infra/errors.ts';
import { createLogger, type LogOptions, silentLogger } from '../../infra/log.ts';

describe('log', () => {
  it('writes one JSON object a line, with the fields of all its ancestors', () => {
    const { log, lines } = logger({ format: 'json', name: 'worker' });
    log.child({ runId: 'r1' }).child({ taskId: 'dwell' }).info('started', { attempt: 2, rows: 5n });
    expect(JSON.parse(lines[0]!)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'info',
      message: 'started',
      name: 'worker',
      runId: 'r1',
      taskId: 'dwell',
      attempt: 2,
      rows: '5',
    });
  });

  it('drops lines below its level', () => {
    const { log, lines } = logger({ level: 'warn', format: 'json' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['c', 'd']);
  });

  it('is readable in the pretty format, with stack and cause below', () => {
    const { log, lines } = logger({ name: 'worker' });
    log.error('failed', {
      day: '2018-10-01',
      note: 'two words',
      error: new Error('outer', { cause: new Error('inner') }),
    });
    const text = stripVTControlCharacters(lines.join('\n'));
    expect(text).toMatch(/^[\d:.]+ error worker failed day=2018-10-01 note="two words"\n/);
    expect(text).toMatch(/\n {4}Error: outer\n/);
    expect(text).toMatch(/\n {4}caused by Error: inner\n/);
  });

  it('keeps code, reason and remedy of an error in JSON', () => {
    const { log, lines } = logger({ format: 'json' });
    const error = new FlyerlineError('FL_FENCED', {
      subject: 'Partition',
      reason: 'is taken',
      remedy: 'do nothing',
    });
    log.error('gave up', { error });
    expect(JSON.parse(lines[0]!).error).toMatchObject({
      code: 'FL_FENCED',
      remedy: 'do nothing',
      stack: expect.any(String),
    });
  });

  it('survives cycles, depth and large buffers', () => {
    const { log, lines } = logger({ format: 'json' });
    const cycle: Record<string, unknown> = { body: new Uint8Array(1e6) };
    cycle.self = cycle;
    log.info('odd', { cycle });
    expect(JSON.parse(lines[0]!).cycle).toEqual({ body: '[1000000 bytes]', self: '[…]' });
  });

  it('says nothing when silent', () => {
    expect(() => silentLogger.error('nobody hears this')).not.toThrow();
    const { log, lines } = logger({ level: 'silent' });
    log.error('nobody hears this');
    expect(lines).toEqual([]);
  });
});

describe('secrets in the log', () => {
  it.each(['json', 'pretty'] as const)('are left out of fields, texts and errors (%s)', (format) => {
    const { log, lines } = logger({ format });
    log.info('connecting to redis://user:hunter2@host:6379/0', {
      password: 'hunter2',
      secretAccessKey: 'hunter2',
      accessKeyId: 'hunter2',
      sessionToken: 'hunter2',
      headers: { Authorization: 'Bearer hunter2' },
      url: 'https://b.s3/k?X-Amz-Signature=hunter2&partNumber=1',
      list: [{ apiKey: 'hunter2' }],
      error: new Error('cannot open rediss://:hunter2@host', { cause: { credentials: 'hunter2' } }),
    });
    expect(lines.join('\n')).not.toContain('hunter2');
    expect(lines.join('\n')).toContain('partNumber=1');
  });

  it('do not include fencing tokens, which are numbers that explain what happened', () => {
    const { log, lines } = logger({ format: 'json' });
    log.info('claimed', { token: '00000000000000000007', tokens: { user_day: '00000000000000000007' } });
    expect(JSON.parse(lines[0]!)).toMatchObject({
      token: '00000000000000000007',
      tokens: { user_day: '00000000000000000007' },
    });
  });
});

function logger(options: LogOptions) {
  const lines: string[] = [];
  return { log: createLogger({ ...options, write: (line) => lines.push(line) }), lines };
}
