// `boot` without a process around it: images of the project or of the test's own making, in a session of this process.
import { readFileSync } from 'node:fs';
import type { Host } from '../../src/kernel/host.ts';
import { BOOT } from '../../src/session/boot.ts';
import type { Argument, Running } from '../../src/session/command.ts';
import type { Outcome } from '../../src/session/outcome.ts';
import { createSession, finish, type Session } from '../../src/session/session.ts';
import { hostOf } from '../kernel/bench.ts';

const GUESTS = new URL('../../fixtures/guests/', import.meta.url);

export interface BootRequest {
  /** A guest's name, or bytes. */
  readonly image: string | Uint8Array;
  readonly args?: string;
  readonly vcpus?: number;
  readonly memory?: bigint;
  readonly operations?: number;
  readonly initrd?: Uint8Array;
  readonly host?: Host;
}

export interface BootResult {
  readonly outcome: Outcome;
  readonly session: Session;
  /** What the guest reported; null when it stopped otherwise. */
  readonly status: unknown;
  readonly text: string;
}

const word = (text: string): Argument => ({ kind: 'word', text });

/** The command under way, to be advanced by the test. */
export function startBoot(request: BootRequest): { readonly session: Session; readonly running: Running } {
  const host = request.host ?? hostOf('two-spu');
  const session = createSession({ host, hosts: new Map([[host.name, host]]), seed: 0, table: new Map([[BOOT.id, BOOT]]) });
  const { image, initrd } = request;
  const bytes = typeof image === 'string' ? readFileSync(new URL(`${image}.elf`, GUESTS)) : image;
  session.addAsset({ path: 'image', sha256: '', bytes });
  if (initrd !== undefined) session.addAsset({ path: 'initrd', sha256: '', bytes: initrd });
  const args = {
    image: word('image'),
    arguments: word(request.args ?? ''),
    vcpus: word(`${request.vcpus ?? 1}`),
    memory: word(`${request.memory ?? 64n << 20n}`),
    operations: word(`${request.operations ?? 20_000_000}`),
    initrd: word(initrd === undefined ? '' : 'initrd'),
  };
  return { session, running: session.execute({ form: BOOT.id, args, text: 'boot image' }) };
}

/** Boots to the end, in slices of so many operations. */
export function bootHere(request: BootRequest, slice = 100_000): BootResult {
  const { session, running } = startBoot(request);
  const outcome = finish(running, slice);
  return { outcome, session, status: outcome.data?.['status'] ?? null, text: String(outcome.data?.['console'] ?? '') };
}
