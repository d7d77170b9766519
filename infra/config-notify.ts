/** Settings of notifications: who is told of what, how, and where the secrets for it are. */
import { z } from 'zod';

/** What people may be told of. `docs/guides/get-notified.md` says when each is sent. */
export const NOTICE_KINDS = ['failure', 'retry', 'recovery', 'deadline', 'restatement'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Where a secret is, never the secret: settings are shown and passed on. */
const secretRef = z
  .string()
  .regex(
    /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/,
    'must be "env:NAME" or "file:/path"; a secret is no setting',
  );

const common = {
  /** Retries are not among them unless asked for: most mend themselves. */
  on: z.array(z.enum(NOTICE_KINDS)).min(1).default(['failure', 'recovery', 'deadline', 'restatement']),
  /** Only of these DAGs; restatements are of tables and always told. @default all */
  dags: z.array(z.string().min(1)).min(1).optional(),
  /** A receiver that has not answered by then has not taken the message. */
  timeoutMs: z.int().min(100).max(60_000).default(10_000),
};

const webhook = z.strictObject({
  type: z.literal('webhook'),
  url: z.url({ protocol: /^https?$/ }),
  /** Signs each message as Standard Webhooks says: `whsec_` and the key in base64. */
  secret: secretRef.optional(),
  ...common,
});

const slack = z.strictObject({
  type: z.literal('slack'),
  /** Whoever has the URL of an incoming webhook may write to the channel. */
  url: secretRef,
  ...common,
});

const email = z.strictObject({
  type: z.literal('email'),
  /** `smtp://host:587` (STARTTLS when offered; demanded with a user), `smtps://host:465`. */
  server: z.url({ protocol: /^smtps?$/, error: 'must look like smtp://mail.internal:587' }),
  user: z.string().min(1).optional(),
  password: secretRef.optional(),
  from: z.string().min(3),
  to: z.array(z.string().min(3)).min(1).max(50),
  ...common,
});

const command = z.strictObject({
  type: z.literal('command'),
  /** Program and arguments, no shell; the message comes as JSON on stdin. */
  command: z.array(z.string()).min(1).max(50),
  ...common,
});

export const notifySchema = z.strictObject({
  /** Begins every subject, so that people know which installation speaks. */
  label: z.string().min(1).max(40).default('flyerline'),
  channels: z
    .record(
      z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 letters, digits, "_" or "-"'),
      z.discriminatedUnion('type', [webhook, slack, email, command]),
    )
    .default({}),
  /** Of one kind about one DAG, a channel gets so many messages in a window; then one that says how many more there were. */
  throttle: z
    .strictObject({
      messagesMax: z.int().min(1).max(1_000).default(5),
      windowMs: z.int().min(1_000).max(86_400_000).default(600_000),
    })
    .prefault({}),
});

export type NotifySettings = Readonly<z.infer<typeof notifySchema>>;
export type ChannelSettings = NotifySettings['channels'][string];
export type ChannelOf<Type extends ChannelSettings['type']> = Extract<ChannelSettings, { type: Type }>;
