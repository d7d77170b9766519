/** Mail over TLS to a real server: the password arrives encrypted, and only where the certificate is trusted. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type Certificate, opensslInstalled, selfSigned } from '../support/certificate.ts';
import { flyerline } from '../support/flyerline.ts';
import { mailReceiver } from '../support/receivers.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

describeWith(opensslInstalled, 'mail over TLS', () => {
  const temp = useTempDir();
  let tls: Certificate;
  beforeAll(async () => {
    tls = await selfSigned(temp.path);
  });

  /** `notify test` as a user types it, since what Node.js trusts is decided when it starts. */
  async function send(server: string, env: Readonly<Record<string, string>>) {
    const path = join(temp.fresh(), 'config.json');
    const mail = {
      type: 'email',
      server,
      user: 'etl',
      password: 'env:MAIL',
      from: 'a@b.org',
      to: ['c@d.org'],
    };
    await writeFile(path, JSON.stringify({ notify: { channels: { mail } } }));
    const all = { FLYERLINE_CONFIG: path, MAIL: 'correct horse', NODE_EXTRA_CA_CERTS: '', ...env };
    return flyerline(['notify', 'test'], { env: all });
  }

  it.each([
    ['STARTTLS', false],
    ['TLS from the start', true],
  ])('arrives over %s with user and password', async (_how, fromTheStart) => {
    const { url, mails, logins } = await mailReceiver({ tls, fromTheStart, password: 'correct horse' });
    const { stdout, exitCode } = await send(url, { NODE_EXTRA_CA_CERTS: tls.certPath });
    expect(stdout).toMatch(/✓ mail \(email\) took it/);
    expect(exitCode).toBe(0);
    expect(logins).toEqual([{ password: 'correct horse', encrypted: true }]);
    expect(mails).toMatchObject([{ encrypted: true, user: 'etl', to: ['c@d.org'] }]);
    expect(mails[0]!.source).toContain('tries the channel "mail"');
  });

  it('is not sent, and no password either, to a server whose certificate nobody vouches for', async () => {
    const { url, mails, logins } = await mailReceiver({ tls, password: 'correct horse' });
    const { stdout, exitCode } = await send(url, {});
    expect(stdout).toMatch(/✗ mail \(email\): .*self-signed certificate/);
    expect(exitCode).toBe(1);
    expect([mails, logins]).toEqual([[], []]);
  });

  it('says so when the password is wrong', async () => {
    const { url, mails, logins } = await mailReceiver({ tls, password: 'something else' });
    const { stdout, exitCode } = await send(url, { NODE_EXTRA_CA_CERTS: tls.certPath });
    expect(stdout).toMatch(/✗ mail \(email\): .*535/);
    expect(stdout).not.toContain('correct horse');
    expect(exitCode).toBe(1);
    expect([mails, logins.length]).toEqual([[], 1]);
  });
});
