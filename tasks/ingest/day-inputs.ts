/** The DayInputs document in the lake: what a day is computed from, pinned once, read by every task of the run. */
import { z } from 'zod';
import type { ObjectStore } from '../../lake/object-store.ts';
import { parseDocument } from '../../lake/parse-document.ts';
import { DAY_STATUSES } from '../day-status.ts';
import { metricParamsSchema } from '../metric-params.ts';
import type { DayInputs } from '../refs.ts';

const stagedFile = z.object({
  key: z.string(),
  day: z.string(),
  bucket: z.number(),
  buckets: z.number(),
  rowCount: z.number(),
  minLocalMs: z.number(),
  maxLocalMs: z.number(),
  minInstantMs: z.number(),
  maxInstantMs: z.number(),
});

const dayInputsSchema = z.object({
  day: z.string(),
  params: metricParamsSchema,
  codeVersion: z.string(),
  status: z.enum(DAY_STATUSES).default('provisional'),
  inputsHash: z.string(),
  drops: z.array(z.object({ key: z.string(), etag: z.string(), size: z.number(), src: z.string() })),
  files: z.array(stagedFile),
  rejected: z.array(z.object({ key: z.string(), day: z.string(), rowCount: z.number() })),
  buckets: z.number(),
  asOfMs: z.number().nullable(),
  rowsRead: z.number(),
});

export const dayInputsKey = (day: string, inputsHash: string): string =>
  `stage/inputs/dt=${day}/${inputsHash}.json`;

/** Resolves to the key. Writing equal inputs again changes nothing that anybody computes. */
export async function putDayInputs(store: ObjectStore, inputs: DayInputs): Promise<string> {
  const key = dayInputsKey(inputs.day, inputs.inputsHash);
  await store.put(key, `${JSON.stringify(inputs)}\n`);
  return key;
}

/** Throws FL_OBJECT_MISSING. */
export async function readDayInputs(store: ObjectStore, key: string): Promise<DayInputs> {
  const { body } = await store.get(key);
  return parseDocument(dayInputsSchema, body, {
    subject: `Inputs document "${key}"`,
    remedy: 'run the day again, which pins its inputs anew',
  });
}
