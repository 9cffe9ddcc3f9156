// The interactive shell over the tests' small session, as a program: what the pty tests start before, and beside, the real one.
import { startShell } from '../../src/ui/start.ts';
import { fakePort } from '../ui/fake-port.ts';

process.exitCode = await startShell({ port: fakePort(), colour: true, greeting: 'fake session' }).catch((error: unknown) => {
  process.stderr.write(`bug: ${String(error)}\n`);
  return 70;
});
