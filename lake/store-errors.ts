/** The few ways in which an object store says no, in words. */
import { FlyerlineError } from '../infra/errors.ts';

export function objectMissing(storeUrl: string, key: string): FlyerlineError {
  return new FlyerlineError('FL_OBJECT_MISSING', {
    subject: `Object "${key}" of ${storeUrl}`,
    reason: 'does not exist',
    remedy: 'check the name, or whether it was deleted',
    retryable: false,
  });
}

export function preconditionLost(storeUrl: string, key: string, cause?: unknown): FlyerlineError {
  return new FlyerlineError('FL_PRECONDITION', {
    subject: `Conditional write of "${key}" in ${storeUrl}`,
    reason: 'lost: somebody else wrote the object first',
    remedy: 'read it again and decide anew',
    cause,
  });
}

export function changedWhileRead(storeUrl: string, key: string): FlyerlineError {
  return new FlyerlineError('FL_PRECONDITION', {
    subject: `Object "${key}" of ${storeUrl}`,
    reason: 'was replaced while it was being read',
    remedy: 'read it again',
  });
}

export function arrivedSpoiled(storeUrl: string, key: string, cause: unknown): FlyerlineError {
  return new FlyerlineError('FL_OBJECT_SPOILED', {
    subject: `Object "${key}" of ${storeUrl}`,
    reason: 'arrived with other bytes than were stored',
    remedy: 'read it again; when that does not help, verify the lake',
    cause: cause instanceof Error ? new Error(cause.message) : undefined,
  });
}

export function storeIsReadOnly(storeUrl: string, key: string): FlyerlineError {
  return new FlyerlineError('FL_INTERNAL', {
    subject: `Object "${key}"`,
    reason: `was about to be written to ${storeUrl}, which was opened for reading only`,
    remedy: 'please report it with the log around this line',
    retryable: false,
  });
}
